import { hash } from 'node:crypto';
import type { Request } from 'express';
import { authenticateRoot } from '../authenticate.js';
import { splitTarget } from '../s3/address.js';
import type { Answer } from '../s3/answer.js';
import { requestChunks } from '../s3/request-bytes.js';
import { S3Error } from '../s3/s3-error.js';

const bodyBytesMax = 64 * 1024;

/** A request of root's, with the body that was signed. */
export interface RootRequest {
  /** As JSON; undefined where nothing was sent. */
  readonly json: unknown;
  readonly text: string;
}

/**
 * Reads a request that root alone may send. Its body counts only if it is what was signed.
 * @throws S3Error
 */
export async function readRootRequest(answer: Answer, req: Request): Promise<RootRequest> {
  const target = splitTarget(req.originalUrl);
  const { payload } = authenticateRoot(answer.edge, {
    ...{ method: req.method, ...target, headers: req.headers },
  });
  const body = await readBody(answer);
  if (body.length === 0) return { json: undefined, text: '' };
  if (payload.is !== 'sha256')
    throw new S3Error('InvalidRequest', 'The body of this request must be signed by its SHA-256.');
  if (hash('sha256', body, 'hex') !== Buffer.from(payload.value).toString('hex'))
    throw new S3Error('XAmzContentSHA256Mismatch');
  const text = body.toString('utf8');
  return { json: parsed(text), text };
}

async function readBody(answer: Answer): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of requestChunks(answer, () => answer.cut())) {
    sizeBytes += chunk.length;
    if (sizeBytes > bodyBytesMax) throw new S3Error('MaxMessageLengthExceeded');
    chunks.push(Buffer.from(chunk)); // a copy: the chunk is valid until the next one
  }
  return Buffer.concat(chunks);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new S3Error('InvalidRequest', 'The body is no JSON.', { cause });
  }
}

/** The members of a body that is a JSON object; none where there is none. */
export function membersOf(
  json: unknown,
  known: readonly string[],
): Readonly<Record<string, unknown>> {
  if (json === undefined) return {};
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw invalid('an object');
  for (const name of Object.keys(json))
    if (!known.includes(name)) throw new S3Error('InvalidRequest', `'${name}' means nothing here.`);
  return json as Record<string, unknown>;
}

export function textMember(value: unknown, name: string): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw invalid(`text for '${name}'`);
}

export function booleanMember(value: unknown, name: string): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value;
  throw invalid(`true or false for '${name}'`);
}

export function textsMember(value: unknown, name: string): readonly string[] | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value;
  throw invalid(`a list of texts for '${name}'`);
}

function invalid(what: string): S3Error {
  return new S3Error('InvalidRequest', `The body should be JSON: ${what}.`);
}
