import { type ErrorCode, errnoOf, isLogStoreError } from '../src/base/errors.js';
import { NotProven } from '../src/base/not-proven.js';

/** What the command ends with; part of its interface (docs/operations.md). */
export const exitCodes = Object.freeze({ well: 0, usage: 1, damage: 2, busy: 3, failed: 4 });
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

const { usage, damage, busy, failed } = exitCodes;

const exitCodeOfError = {
  INVALID_ARGUMENT: usage,
  INVALID_BUCKET_NAME: usage,
  KEY_TOO_LONG: usage,
  INVALID_RANGE: usage,
  INVALID_PART: usage,
  INVALID_PART_ORDER: usage,
  ENTITY_TOO_SMALL: usage,
  ENTITY_TOO_LARGE: usage,
  RECORD_CORRUPT: damage,
  UNCERTAIN: damage,
  STORE_DAMAGED: damage,
  LEDGER_BROKEN: damage,
  LOCKED: busy,
  BUSY: busy,
  NO_LEDGER: failed,
  NOT_SEALED: failed,
  NO_SUCH_USER: failed,
  USER_EXISTS: failed,
  NO_SUCH_POLICY: failed,
  POLICY_IN_USE: failed,
  NO_SUCH_BUCKET: failed,
  NO_SUCH_KEY: failed,
  NO_SUCH_VERSION: failed,
  DELETE_MARKER: failed,
  NO_SUCH_UPLOAD: failed,
  BUCKET_EXISTS: failed,
  BUCKET_NOT_EMPTY: failed,
  CHECKSUM_MISMATCH: failed,
  INCOMPLETE_BODY: failed,
  ABORTED: failed,
  PRECONDITION_FAILED: failed,
  CONFLICT: failed,
  LOW_SPACE: busy,
  OBJECT_LOCKED: failed,
  INVALID_BUCKET_STATE: failed,
  KEY_NEEDED: usage,
  KEY_NOT_TAKEN: usage,
  KEY_WRONG: usage,
  KEY_REFUSED: failed,
  NO_STORE_KEY: usage,
  NO_OBJECT_LOCK: failed,
  NO_SPACE: failed,
  READ_ONLY: failed,
  WRITER_FAILED: failed,
  CLOSED: failed,
  UNSUPPORTED_VERSION: failed,
  NOT_A_STORE: failed,
  UNSUPPORTED_FILE_SYSTEM: failed,
  IO: failed,
} satisfies Record<ErrorCode, ExitCode>;

/** How a failure is told: a stable code for programs, prose for people, and the exit code. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly exitCode: ExitCode;
}

/** A failure that is expected in operation; undefined for our own bugs, which show their stack. */
export function failureOf(error: unknown): Failure | undefined {
  if (isLogStoreError(error))
    return { code: error.code, message: error.message, exitCode: exitCodeOfError[error.code] };
  if (error instanceof NotProven) {
    const message = `${error.check}: ${error.message}`;
    return { code: 'NOT_PROVEN', message, exitCode: damage };
  }
  const errno = errnoOf(error);
  if (errno === undefined || !(error instanceof Error)) return undefined;
  return { code: errno, message: error.message, exitCode: failed };
}
