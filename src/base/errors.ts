/** Every way an operation can fail. Codes are API and stay; messages are prose and may change. */
export type ErrorCode =
  // what the caller asked for is not there, or is there already
  | 'NO_SUCH_BUCKET'
  | 'NO_SUCH_KEY'
  | 'NO_SUCH_VERSION'
  | 'DELETE_MARKER'
  | 'NO_SUCH_UPLOAD'
  | 'BUCKET_EXISTS'
  | 'BUCKET_NOT_EMPTY'
  | 'NO_SUCH_USER'
  | 'USER_EXISTS'
  | 'NO_SUCH_POLICY'
  | 'POLICY_IN_USE'
  // what the caller asked for makes no sense
  | 'INVALID_ARGUMENT'
  | 'INVALID_BUCKET_NAME'
  | 'KEY_TOO_LONG'
  | 'INVALID_RANGE'
  | 'INVALID_PART'
  | 'INVALID_PART_ORDER'
  | 'ENTITY_TOO_SMALL'
  | 'ENTITY_TOO_LARGE'
  // what the caller sent is not what it said it would send
  | 'CHECKSUM_MISMATCH'
  | 'INCOMPLETE_BODY'
  | 'ABORTED'
  // a condition did not hold
  | 'PRECONDITION_FAILED'
  | 'CONFLICT'
  | 'OBJECT_LOCKED'
  | 'INVALID_BUCKET_STATE'
  | 'NO_OBJECT_LOCK'
  // what is encrypted is read with its key alone
  | 'KEY_NEEDED'
  | 'KEY_NOT_TAKEN'
  | 'KEY_WRONG'
  | 'KEY_REFUSED'
  | 'NO_STORE_KEY'
  // the store cannot take it now
  | 'BUSY'
  | 'LOW_SPACE'
  | 'NO_SPACE'
  | 'READ_ONLY'
  | 'WRITER_FAILED'
  | 'CLOSED'
  | 'LOCKED'
  // of the ledger: it is off, it cannot be trusted, no signed block holds it
  | 'NO_LEDGER'
  | 'LEDGER_BROKEN'
  | 'NOT_SEALED'
  // the disk does not hold what it must
  | 'RECORD_CORRUPT'
  | 'UNCERTAIN'
  | 'STORE_DAMAGED'
  | 'UNSUPPORTED_VERSION'
  | 'NOT_A_STORE'
  | 'UNSUPPORTED_FILE_SYSTEM'
  | 'IO';

/** The one error class of the public API: `code` says what went wrong, `cause` why at first. */
export class LogStoreError extends Error {
  override readonly name = 'LogStoreError';
  /** With NO_SUCH_KEY and DELETE_MARKER: the id of the delete marker that was met. */
  deleteMarkerId: string | undefined;
  /** With INVALID_PART and ENTITY_TOO_SMALL: the part of an upload that is meant. */
  part: { readonly number: number; readonly sizeBytes?: number } | undefined;
  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Whether `error` is a LogStoreError, of one of `codes` when any are given. */
export function isLogStoreError(error: unknown, ...codes: ErrorCode[]): error is LogStoreError {
  return error instanceof LogStoreError && (codes.length === 0 || codes.includes(error.code));
}

/** The operating system's name of a failure (`ENOSPC`, `EIO`, ...), or undefined. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' && /^E[A-Z0-9]+$/.test(error.code) ? error.code : undefined;
}
