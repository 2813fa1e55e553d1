import { errnoOf, isLogStoreError } from '../../base/errors.js';
import { InvariantError } from '../../base/invariant.js';
import type { Edge } from '../edge.js';
import type { Answer, FlatHeaders } from './answer.js';
import { S3Error, toS3Error } from './s3-error.js';
import { XmlWriter } from './xml.js';

/**
 * Answers a request that failed. Once the headers of an object are out there is no other way to say
 * so than to cut the connection: a clean end would pass for the whole of it.
 */
export function answerError(answer: Answer, error: unknown): void {
  const failure = failureOf(error);
  answer.errorCode = failure.code;
  logError(answer.edge, answer.requestId, failure);
  const { res } = answer;
  if (res.destroyed || (res.headersSent && !answer.isPromised)) res.destroy();
  else sendError(answer, failure);
}

/** Stops the process for a broken promise of our own. */
export function failureOf(error: unknown): S3Error {
  if (error instanceof InvariantError) {
    stopProcess(error);
    return new S3Error('InternalError', undefined, { cause: error });
  }
  // Want of file handles says nothing of the object: the same request may be answered later.
  const errno = isLogStoreError(error, 'IO') ? errnoOf(error.cause) : undefined;
  if (errno !== 'EMFILE' && errno !== 'ENFILE') return toS3Error(error);
  return new S3Error('SlowDown', undefined, { cause: error });
}

/** What this process would answer from now on cannot be trusted. */
function stopProcess(error: InvariantError): void {
  queueMicrotask(() => {
    throw error;
  });
}

/** What the client is not told, the log is. */
export function logError(edge: Edge, requestId: string, failure: S3Error): void {
  if (failure.status < 500 || failure.code === 'NotImplemented') return;
  const cause = failure.cause ?? failure;
  const known = isLogStoreError(cause, 'BUSY', 'CLOSED', 'NO_SPACE', 'READ_ONLY');
  const fields = { requestId, code: failure.code, err: cause };
  if (known || failure.code === 'SlowDown') edge.logger.warn(fields, 'request refused');
  else edge.logger.error(fields, 'request failed');
}

function sendError(answer: Answer, failure: S3Error): void {
  const headers = headersOf(failure);
  if (failure.status === 304 || answer.req.method === 'HEAD')
    answer.sendEmpty(failure.status, headers);
  else answer.sendXml(failure.status, errorDocument(answer, failure), headers);
}

function headersOf(failure: S3Error): FlatHeaders {
  if (failure.code === 'SlowDown') return ['retry-after', 1];
  const { cause } = failure;
  if (isLogStoreError(cause) && cause.deleteMarkerId !== undefined) {
    const marker = ['x-amz-delete-marker', 'true', 'x-amz-version-id', cause.deleteMarkerId];
    return failure.code === 'MethodNotAllowed' ? [...marker, 'allow', 'DELETE'] : marker;
  }
  const {
    Region: region,
    ActualObjectSize: sizeBytes,
    AllowedMethods: allowed,
  } = failure.details ?? {};
  if (allowed !== undefined) return ['allow', allowed];
  if (region !== undefined) return ['x-amz-bucket-region', region];
  if (sizeBytes !== undefined) return ['content-range', `bytes */${sizeBytes}`];
  return [];
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
export function errorDocument(answer: Answer, failure: S3Error): string {
  const { bucket, key } = answer;
  const xml = new XmlWriter().open('Error').element('Code', failure.code);
  xml.element('Message', failure.message);
  if (bucket) xml.element('BucketName', bucket);
  if (key) xml.element('Key', key);
  for (const [name, value] of Object.entries(failure.details ?? {})) xml.element(name, value);
  xml.element('Resource', bucket === undefined ? '/' : `/${bucket}${key ? `/${key}` : ''}`);
  xml.element('RequestId', answer.requestId).element('HostId', answer.edge.requestIds.hostId);
  return xml.close('Error').toString();
}
