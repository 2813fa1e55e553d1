import type { Answer, FlatHeaders } from '../s3/answer.js';
import { failureOf, logError } from '../s3/error-answer.js';

/** @param body written as JSON; undefined: nothing is sent but the status */
export function sendJson(answer: Answer, status: number, body: object | undefined): void {
  if (body === undefined) {
    answer.sendEmpty(status);
    return;
  }
  const headers: FlatHeaders = [
    ...['content-type', 'application/json', 'cache-control', 'no-store'],
    ...['x-content-type-options', 'nosniff'],
  ];
  answer.sendBytes(status, headers, Buffer.from(`${JSON.stringify(body)}\n`, 'utf8'));
}

export function sendNotFound(answer: Answer): void {
  sendJson(answer, 404, { code: 'NotFound', message: 'There is no such route.' });
}

/** What an answer that has begun is missing, nobody can say in it: its connection is cut. */
export function sendFailure(answer: Answer, error: unknown): void {
  const failure = failureOf(error);
  logError(answer.edge, answer.requestId, failure);
  const { code, status, message } = failure;
  if (answer.res.headersSent) answer.res.destroy();
  else sendJson(answer, status, { code, message });
}
