import { type ErrorCode, isLogStoreError } from '../../base/errors.js';

/**
 * Every error code that S3 clients get from us, with its HTTP status.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
export const s3Statuses = Object.freeze({
  AccessDenied: 403,
  AccessControlListNotSupported: 400,
  AuthorizationHeaderMalformed: 400,
  AuthorizationQueryParametersError: 400,
  BadDigest: 400,
  BucketAlreadyExists: 409,
  BucketAlreadyOwnedByYou: 409,
  BucketNotEmpty: 409,
  ConditionalRequestConflict: 409,
  EntityTooLarge: 400,
  EntityTooSmall: 400,
  ExpiredToken: 400,
  IllegalLocationConstraintException: 400,
  IncompleteBody: 400,
  InsufficientStorage: 507,
  InternalError: 500,
  InvalidAccessKeyId: 403,
  InvalidArgument: 400,
  InvalidBucketName: 400,
  InvalidChunkSizeError: 403,
  InvalidDigest: 400,
  InvalidLocationConstraint: 400,
  InvalidPart: 400,
  InvalidPartNumber: 416,
  InvalidPartOrder: 400,
  InvalidRange: 416,
  InvalidRequest: 400,
  InvalidStorageClass: 400,
  InvalidTag: 400,
  InvalidToken: 400,
  InvalidURI: 400,
  KeyTooLongError: 400,
  MalformedACLError: 400,
  MalformedPolicy: 400,
  MalformedTrailerError: 400,
  MalformedXML: 400,
  MaxMessageLengthExceeded: 400,
  MetadataTooLarge: 400,
  MethodNotAllowed: 405,
  MissingContentLength: 411,
  MissingRequestBodyError: 400,
  NoSuchBucket: 404,
  NoSuchBucketPolicy: 404,
  NoSuchCORSConfiguration: 404,
  NoSuchKey: 404,
  NoSuchLifecycleConfiguration: 404,
  NoSuchTagSet: 404,
  NoSuchUpload: 404,
  NoSuchVersion: 404,
  NoSuchWebsiteConfiguration: 404,
  NotImplemented: 501,
  NotModified: 304,
  ObjectLockConfigurationNotFoundError: 404,
  OwnershipControlsNotFoundError: 404,
  PermanentRedirect: 301,
  PreconditionFailed: 412,
  ReplicationConfigurationNotFoundError: 404,
  RequestHeaderSectionTooLarge: 400,
  RequestTimeTooSkewed: 403,
  RequestTimeout: 400,
  ServerSideEncryptionConfigurationNotFoundError: 404,
  ServiceUnavailable: 503,
  SignatureDoesNotMatch: 403,
  SlowDown: 503,
  TooManyParts: 400,
  XAmzContentChecksumMismatch: 400,
  XAmzContentSHA256Mismatch: 400,
}) satisfies Readonly<Record<string, number>>;

export type S3Code = keyof typeof s3Statuses;

/** A request that S3 has an answer of its own for. Messages go to the client. */
export class S3Error extends Error {
  override readonly name = 'S3Error';
  constructor(
    readonly code: S3Code,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  get status(): number {
    return s3Statuses[this.code];
  }
}

/** What each failure of the store is called in S3. */
export const s3Codes = Object.freeze({
  NO_SUCH_BUCKET: 'NoSuchBucket',
  NO_SUCH_KEY: 'NoSuchKey',
  NO_SUCH_UPLOAD: 'NoSuchUpload',
  BUCKET_EXISTS: 'BucketAlreadyOwnedByYou',
  BUCKET_NOT_EMPTY: 'BucketNotEmpty',
  INVALID_ARGUMENT: 'InvalidArgument',
  INVALID_BUCKET_NAME: 'InvalidBucketName',
  KEY_TOO_LONG: 'KeyTooLongError',
  INVALID_RANGE: 'InvalidRange',
  INVALID_PART: 'InvalidPart',
  INVALID_PART_ORDER: 'InvalidPartOrder',
  ENTITY_TOO_SMALL: 'EntityTooSmall',
  ENTITY_TOO_LARGE: 'EntityTooLarge',
  CHECKSUM_MISMATCH: 'BadDigest',
  INCOMPLETE_BODY: 'IncompleteBody',
  ABORTED: 'RequestTimeout',
  PRECONDITION_FAILED: 'PreconditionFailed',
  CONFLICT: 'ConditionalRequestConflict',
  BUSY: 'SlowDown',
  NO_SPACE: 'InsufficientStorage',
  READ_ONLY: 'ServiceUnavailable',
  WRITER_FAILED: 'ServiceUnavailable',
  CLOSED: 'ServiceUnavailable',
  LOCKED: 'ServiceUnavailable',
  RECORD_CORRUPT: 'InternalError',
  UNCERTAIN: 'ServiceUnavailable',
  STORE_DAMAGED: 'InternalError',
  UNSUPPORTED_VERSION: 'InternalError',
  NOT_A_STORE: 'InternalError',
  UNSUPPORTED_FILE_SYSTEM: 'InternalError',
  IO: 'InternalError',
}) satisfies Readonly<Record<ErrorCode, S3Code>>;

/**
 * Any failure as the S3 error that its client gets. The message of an internal one stays inside,
 * since it may name files; it is in `cause`.
 */
export function toS3Error(error: unknown): S3Error {
  if (error instanceof S3Error) return error;
  if (!isLogStoreError(error))
    return new S3Error('InternalError', internalMessage, { cause: error });
  const code = s3Codes[error.code];
  const message = s3Statuses[code] < 500 ? error.message : (messages[code] ?? internalMessage);
  return new S3Error(code, message, { cause: error });
}

const internalMessage = 'We encountered an internal error. Please try again.';

const messages: Partial<Record<S3Code, string>> = {
  SlowDown: 'Please reduce your request rate.',
  ServiceUnavailable: 'The store cannot take this request now.',
  InsufficientStorage: 'The store has no space left.',
};
