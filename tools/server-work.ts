import { createInterface } from 'node:readline';
import { type ErrorCode, errnoOf, LogStoreError } from '../src/base/errors.js';
import { S3Client, type S3ClientOptions } from './s3-client.js';

interface Progress {
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** A line of the server's answer, and the last one. */
type ServerLine<Report> =
  | Progress
  | { readonly report: Report }
  | { readonly error: { readonly code: string; readonly message: string } };

/**
 * Asks a running server for work that takes its time, `POST /_/NAME`.
 * @throws LogStoreError as the work does; `IO` where the connection breaks
 */
export async function askServer<Report>(
  endpoint: S3ClientOptions,
  name: string,
  query: Readonly<Record<string, string>>,
  onProgress: (progress: Progress) => void,
): Promise<Report> {
  await using client = new S3Client(endpoint);
  const answer = await client.request({ method: 'POST', bucket: '_', key: name, query });
  let cause: unknown;
  try {
    for await (const text of createInterface({ input: answer })) {
      const line = JSON.parse(text) as ServerLine<Report>;
      if ('report' in line) return line.report;
      if ('error' in line) throw new LogStoreError(codeOf(line.error.code), line.error.message);
      onProgress(line);
    }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    cause = error;
  }
  const message = `the server broke off; its ${name} may still be under way`;
  throw new LogStoreError('IO', message, { cause });
}

/** The server's word for it, in ours. */
function codeOf(code: string): ErrorCode {
  if (code === 'InsufficientStorage') return 'NO_SPACE';
  if (code === 'InvalidArgument') return 'INVALID_ARGUMENT';
  if (code === 'NotSealed') return 'NOT_SEALED';
  return code === 'SlowDown' ? 'BUSY' : 'IO';
}
