import { errnoOf, LogStoreError } from '../base/errors.js';
import { spaceErrors } from '../log/segment-file.js';

/** A failure of the disk as an error of ours: `NO_SPACE` or `IO`. Any other stays what it is. */
export function ofDisk(error: unknown): unknown {
  const errno = errnoOf(error);
  if (errno === undefined) return error;
  const code = spaceErrors.has(errno) ? 'NO_SPACE' : 'IO';
  return new LogStoreError(code, `the disk fails the ledger: ${errno}`, { cause: error });
}
