import type { IncomingMessage } from 'node:http';
import { type ErrorCode, LogStoreError } from '../src/base/errors.js';
import { childText, readXml } from '../src/http/s3/xml-read.js';

const ANSWER_BYTES_MAX = 16 * 1024 ** 2; // a page of 1,000 keys, each escaped, is below 4 MiB

/** Reads an answer that is small by its nature. */
export async function readAnswer(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > ANSWER_BYTES_MAX) throw new LogStoreError('IO', 'the answer has no end');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** What S3's codes are here; any other is IO, its own code in the message. */
const codes = new Map<string, ErrorCode>([
  ['NoSuchBucket', 'NO_SUCH_BUCKET'],
  ['NoSuchKey', 'NO_SUCH_KEY'],
  ['NoSuchUpload', 'NO_SUCH_UPLOAD'],
  ['BucketAlreadyExists', 'BUCKET_EXISTS'],
  ['BucketAlreadyOwnedByYou', 'BUCKET_EXISTS'],
  ['BucketNotEmpty', 'BUCKET_NOT_EMPTY'],
  ['InvalidBucketName', 'INVALID_BUCKET_NAME'],
  ['KeyTooLongError', 'KEY_TOO_LONG'],
  ['EntityTooLarge', 'ENTITY_TOO_LARGE'],
  ['BadDigest', 'CHECKSUM_MISMATCH'],
  ['XAmzContentSHA256Mismatch', 'CHECKSUM_MISMATCH'],
  ['PreconditionFailed', 'PRECONDITION_FAILED'],
  ['SlowDown', 'BUSY'],
  ['InvalidArgument', 'INVALID_ARGUMENT'],
  ['InvalidRequest', 'INVALID_ARGUMENT'],
  ['NoSuchEntity', 'NO_SUCH_USER'],
  ['EntityAlreadyExists', 'USER_EXISTS'],
  ['DeleteConflict', 'POLICY_IN_USE'],
  ['NotSealed', 'NOT_SEALED'],
]);

/** The error that an answer of status 300 and above stands for. */
export function answerError(
  request: { readonly bucket?: string; readonly key?: string },
  status: number,
  body: Buffer,
): LogStoreError {
  const { code, message } = readError(body);
  const name = [request.bucket, request.key].filter((part) => part !== undefined).join('/');
  if (code !== undefined)
    return new LogStoreError(codes.get(code) ?? 'IO', `${name}: ${code}: ${message ?? status}`);
  if (status === 404)
    // the answer to a HEAD has no body
    return request.key === undefined
      ? new LogStoreError('NO_SUCH_BUCKET', `there is no bucket '${name}'`)
      : new LogStoreError('NO_SUCH_KEY', `there is no object '${name}'`);
  return new LogStoreError('IO', `${name}: the server answered with status ${status}`);
}

function readError(body: Buffer): { code?: string | undefined; message?: string | undefined } {
  const isJson = body[0] === 0x7b; // the native API's
  if (isJson) return JSON.parse(body.toString()) as { code?: string; message?: string };
  if (!body.toString('utf8', 0, 256).includes('<Error')) return {};
  const error = readXml(body, 'Error');
  return { code: childText(error, 'Code'), message: childText(error, 'Message') };
}
