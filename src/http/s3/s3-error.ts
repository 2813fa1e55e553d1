import { type ErrorCode, isLogStoreError } from '../../base/errors.js';
import { InvariantError } from '../../base/invariant.js';

/**
 * Every error code that S3 clients get from us, with its HTTP status.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
const table = {
  AccessControlListNotSupported: [400, 'The bucket does not allow ACLs'],
  AccessDenied: [403, 'Access Denied.'],
  AccessForbidden: [403, 'The request is not allowed.'],
  AuthorizationHeaderMalformed: [400, 'The authorization header that you provided is not valid.'],
  AuthorizationQueryParametersError: [
    400,
    'The authorization query parameters that you provided are not valid.',
  ],
  BadRequest: [400, 'Bad Request'],
  BadDigest: [400, 'The Content-MD5 you specified did not match what we received.'],
  BucketAlreadyExists: [409, 'The requested bucket name is not available.'],
  BucketAlreadyOwnedByYou: [
    409,
    'Your previous request to create the named bucket succeeded and you already own it.',
  ],
  BucketNotEmpty: [409, 'The bucket you tried to delete is not empty.'],
  ConditionalRequestConflict: [
    409,
    'The conditional request cannot succeed due to a conflicting operation against this resource.',
  ],
  DeleteConflict: [409, 'It is in use.'],
  EntityAlreadyExists: [409, 'It exists already.'],
  EntityTooLarge: [400, 'Your proposed upload exceeds the maximum allowed object size.'],
  EntityTooSmall: [400, 'Your proposed upload is smaller than the minimum allowed size'],
  ExpiredToken: [400, 'The provided token has expired.'],
  IllegalVersioningConfigurationException: [400, 'The Versioning element must be specified'],
  IllegalLocationConstraintException: [
    400,
    'The location constraint does not fit the region of this endpoint.',
  ],
  IncompleteBody: [
    400,
    'You did not provide the number of bytes specified by the Content-Length HTTP header',
  ],
  InsufficientStorage: [507, 'The store has no space left.'],
  InternalError: [500, 'We encountered an internal error. Please try again.'],
  InvalidAccessKeyId: [403, 'The access key ID that you provided does not exist in our records.'],
  InvalidArgument: [400, 'Invalid argument.'],
  InvalidBucketAclWithObjectOwnership: [
    400,
    "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
  ],
  InvalidBucketState: [409, 'The request is not valid for the current state of the bucket.'],
  InvalidBucketName: [400, 'The specified bucket is not valid.'],
  InvalidChunkSizeError: [
    403,
    'Only the last chunk is allowed to have a size less than 8192 bytes',
  ],
  InvalidEncryptionAlgorithmError: [
    400,
    'The encryption request that you specified is not valid. The valid value is AES256.',
  ],
  InvalidDigest: [400, 'The Content-Md5 you specified is not valid.'],
  InvalidLocationConstraint: [400, 'The specified location-constraint is not valid'],
  InvalidObjectState: [403, "Restore is not allowed for the object's current storage class."],
  InvalidPart: [
    400,
    'One or more of the specified parts could not be found.  The part may not have been ' +
      "uploaded, or the specified entity tag may not match the part's entity tag.",
  ],
  InvalidPartNumber: [416, 'The requested partnumber is not satisfiable'],
  InvalidPartOrder: [
    400,
    'The list of parts was not in ascending order. Parts must be ordered by part number.',
  ],
  InvalidPolicyDocument: [400, 'The policy of the form is not valid.'],
  InvalidRange: [416, 'The requested range is not satisfiable'],
  InvalidRedirectLocation: [
    400,
    "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.",
  ],
  InvalidRequest: [400, 'Invalid request.'],
  InvalidRetentionPeriod: [400, 'The retention period is not valid.'],
  InvalidStorageClass: [400, 'The storage class that you specified is not valid.'],
  InvalidTag: [400, 'The tag provided was not a valid tag.'],
  InvalidTargetBucketForLogging: [
    400,
    'The target bucket for logging does not exist, has another owner, or cannot take logs.',
  ],
  InvalidToken: [400, 'The provided token is malformed or otherwise invalid.'],
  InvalidURI: [400, "The specified URI couldn't be parsed."],
  'KMS.NotFoundException': [400, 'The specified key does not exist.'],
  KeyTooLongError: [400, 'Your key is too long.'],
  MalformedACLError: [
    400,
    'The XML you provided was not well-formed or did not validate against our published schema.',
  ],
  MalformedPOSTRequest: [
    400,
    'The body of your POST request is not well-formed multipart/form-data.',
  ],
  MalformedPolicy: [400, 'The policy is not valid.'],
  MalformedTrailerError: [
    400,
    'The request contained trailing data that was not well-formed or did not conform to ' +
      'our published schema.',
  ],
  MalformedXML: [
    400,
    'The XML you provided was not well-formed or did not validate against our published schema.',
  ],
  MaxPostPreDataLengthExceededError: [
    400,
    'Your POST request fields preceding the upload file were too large.',
  ],
  MaxMessageLengthExceeded: [400, 'Your request was too big.'],
  MetadataTooLarge: [400, 'Your metadata headers exceed the maximum allowed metadata size'],
  MethodNotAllowed: [405, 'The specified method is not allowed against this resource.'],
  MissingSecurityHeader: [400, 'Your request was missing a required header.'],
  MissingContentLength: [411, 'You must provide the Content-Length HTTP header.'],
  MissingRequestBodyError: [400, 'Request Body is empty'],
  NoSuchBucket: [404, 'The specified bucket does not exist.'],
  NoSuchBucketPolicy: [404, 'The bucket policy does not exist'],
  NoSuchCORSConfiguration: [404, 'The CORS configuration does not exist'],
  NoSuchEntity: [404, 'It does not exist.'],
  NoSuchKey: [404, 'The specified key does not exist.'],
  NoSuchLifecycleConfiguration: [404, 'The lifecycle configuration does not exist.'],
  NoSuchObjectLockConfiguration: [
    404,
    'The specified object does not have a ObjectLock configuration',
  ],
  NoSuchPublicAccessBlockConfiguration: [
    404,
    'The public access block configuration was not found',
  ],
  NoSuchTagSet: [404, 'The TagSet does not exist'],
  NoSuchUpload: [
    404,
    'The specified multipart upload does not exist. The upload ID may be invalid, or the ' +
      'upload may have been aborted or completed.',
  ],
  NoSuchVersion: [404, 'The specified version does not exist.'],
  NoSuchWebsiteConfiguration: [404, 'The specified bucket does not have a website configuration'],
  NotImplemented: [501, 'A header you provided implies functionality that is not implemented.'],
  NotModified: [304, 'Not Modified'],
  NotSealed: [404, 'No signed block of the ledger shows this.'],
  ObjectLockConfigurationNotFoundError: [
    404,
    'Object Lock configuration does not exist for this bucket',
  ],
  OwnershipControlsNotFoundError: [404, 'The bucket ownership controls were not found.'],
  PermanentRedirect: [301, 'The bucket must be addressed through another endpoint.'],
  PreconditionFailed: [412, 'At least one of the pre-conditions you specified did not hold'],
  ReplicationConfigurationNotFoundError: [404, 'The replication configuration was not found.'],
  RequestHeaderSectionTooLarge: [
    400,
    'Your request header section exceeds the maximum allowed size.',
  ],
  RequestTimeout: [400, 'Your socket connection was not read from or written to in time.'],
  RequestTimeTooSkewed: [
    403,
    'The difference between the request time and the current time is too large.',
  ],
  ServerSideEncryptionConfigurationNotFoundError: [
    404,
    'The server side encryption configuration was not found.',
  ],
  ServiceUnavailable: [503, 'The store cannot take this request now.'],
  SignatureDoesNotMatch: [
    403,
    'The request signature we calculated does not match the signature you provided. Check ' +
      'your key and signing method.',
  ],
  SlowDown: [503, 'Please reduce your request rate.'],
  TooManyParts: [400, 'You specified more parts than are allowed.'],
  UnexpectedContent: [400, 'This request does not support content.'],
  UnresolvableGrantByEmailAddress: [
    400,
    'The email address that you provided does not match any account on record.',
  ],
  XAmzContentChecksumMismatch: [
    400,
    'The checksum that you specified did not match what we calculated.',
  ],
  XAmzContentSHA256Mismatch: [
    400,
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
  ],
} as const satisfies Readonly<Record<string, readonly [status: number, message: string]>>;

export type S3Code = keyof typeof table;

/** Elements of an error document beside those that all have, in order. */
export type ErrorDetails = Readonly<Record<string, string | number>>;

interface S3ErrorOptions extends ErrorOptions {
  readonly details?: ErrorDetails | undefined;
}

/** A request that S3 has an answer of its own for. The message goes to the client. */
export class S3Error extends Error {
  override readonly name = 'S3Error';
  readonly status: number;
  readonly details: ErrorDetails | undefined;
  /** @param message S3's own for `code`, unless there is something better to say */
  constructor(
    readonly code: S3Code,
    message?: string,
    options?: S3ErrorOptions,
  ) {
    super(message ?? table[code][1], options);
    this.status = table[code][0];
    this.details = options?.details;
  }
}

/** Names the argument and what it held, as S3 does. */
export function invalidArgument(message: string, ArgumentName: string, value: string): S3Error {
  return new S3Error('InvalidArgument', message, {
    details: { ArgumentName, ArgumentValue: value },
  });
}

/** Whether `text` is a code of the table. */
export function isS3Code(text: string): text is S3Code {
  return Object.hasOwn(table, text);
}

/** What each failure of the store is called in S3. */
export const s3Codes = Object.freeze({
  NO_SUCH_BUCKET: 'NoSuchBucket',
  NO_SUCH_KEY: 'NoSuchKey',
  NO_SUCH_VERSION: 'NoSuchVersion',
  DELETE_MARKER: 'MethodNotAllowed',
  NO_SUCH_UPLOAD: 'NoSuchUpload',
  NO_LEDGER: 'InvalidRequest',
  LEDGER_BROKEN: 'ServiceUnavailable',
  NOT_SEALED: 'NotSealed',
  NO_SUCH_USER: 'NoSuchEntity',
  USER_EXISTS: 'EntityAlreadyExists',
  NO_SUCH_POLICY: 'NoSuchEntity',
  POLICY_IN_USE: 'DeleteConflict',
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
  OBJECT_LOCKED: 'AccessDenied',
  INVALID_BUCKET_STATE: 'InvalidBucketState',
  NO_OBJECT_LOCK: 'InvalidRequest',
  KEY_NEEDED: 'InvalidRequest',
  KEY_NOT_TAKEN: 'InvalidRequest',
  KEY_WRONG: 'AccessDenied',
  KEY_REFUSED: 'AccessDenied',
  NO_STORE_KEY: 'InternalError',
  BUSY: 'SlowDown',
  LOW_SPACE: 'SlowDown',
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

/** Failures for which clients look for S3's own sentence; of the others the store tells more. */
const fixed: ReadonlySet<ErrorCode> = new Set([
  ...(['NO_SUCH_BUCKET', 'NO_SUCH_KEY', 'NO_SUCH_VERSION', 'NO_SUCH_UPLOAD'] as const),
  ...(['DELETE_MARKER', 'BUCKET_EXISTS', 'INVALID_BUCKET_NAME', 'KEY_TOO_LONG'] as const),
  ...(['INVALID_RANGE', 'INVALID_PART', 'INVALID_PART_ORDER', 'ENTITY_TOO_SMALL'] as const),
  ...(['ENTITY_TOO_LARGE', 'PRECONDITION_FAILED', 'BUCKET_NOT_EMPTY'] as const),
]);

const lockedMessage = 'Access Denied because object protected by object lock.';

/**
 * Any failure as the S3 error that its client gets. The message of an internal one stays inside,
 * since it may name files; it is in `cause`.
 * @throws InvariantError as it is: whoever answers requests stops the process
 */
export function toS3Error(error: unknown): S3Error {
  if (error instanceof InvariantError) throw error;
  if (error instanceof S3Error) return error;
  if (!isLogStoreError(error)) return new S3Error('InternalError', undefined, { cause: error });
  const code = s3Codes[error.code];
  if (error.code === 'OBJECT_LOCKED') return new S3Error(code, lockedMessage, { cause: error });
  const isTold = table[code][0] < 500 && !fixed.has(error.code);
  return new S3Error(code, isTold ? error.message : undefined, { cause: error });
}
