/** What S3's log calls the resource of an operation, where that is no plain bucket or object. */
const resources: Readonly<Record<string, string>> = {
  GetBucketLocation: 'LOCATION',
  GetBucketVersioning: 'VERSIONING',
  PutBucketVersioning: 'VERSIONING',
  ListObjectVersions: 'BUCKETVERSIONS',
  GetBucketTagging: 'TAGGING',
  PutBucketTagging: 'TAGGING',
  DeleteBucketTagging: 'TAGGING',
  GetBucketWebsite: 'WEBSITE',
  PutBucketWebsite: 'WEBSITE',
  DeleteBucketWebsite: 'WEBSITE',
  GetBucketCors: 'CORS',
  PutBucketCors: 'CORS',
  DeleteBucketCors: 'CORS',
  GetObjectLockConfiguration: 'OBJECT_LOCK_CONFIGURATION',
  PutObjectLockConfiguration: 'OBJECT_LOCK_CONFIGURATION',
  GetBucketLifecycleConfiguration: 'LIFECYCLE',
  PutBucketLifecycleConfiguration: 'LIFECYCLE',
  DeleteBucketLifecycle: 'LIFECYCLE',
  GetBucketNotificationConfiguration: 'NOTIFICATION',
  PutBucketNotificationConfiguration: 'NOTIFICATION',
  GetBucketEncryption: 'ENCRYPTION',
  PutBucketEncryption: 'ENCRYPTION',
  DeleteBucketEncryption: 'ENCRYPTION',
  GetBucketAcl: 'ACL',
  PutBucketAcl: 'ACL',
  GetBucketPolicy: 'BUCKETPOLICY',
  PutBucketPolicy: 'BUCKETPOLICY',
  DeleteBucketPolicy: 'BUCKETPOLICY',
  GetBucketPolicyStatus: 'POLICY_STATUS',
  GetBucketOwnershipControls: 'OWNERSHIP_CONTROLS',
  PutBucketOwnershipControls: 'OWNERSHIP_CONTROLS',
  DeleteBucketOwnershipControls: 'OWNERSHIP_CONTROLS',
  GetPublicAccessBlock: 'PUBLIC_ACCESS_BLOCK',
  PutPublicAccessBlock: 'PUBLIC_ACCESS_BLOCK',
  DeletePublicAccessBlock: 'PUBLIC_ACCESS_BLOCK',
  GetBucketRequestPayment: 'REQUEST_PAYMENT',
  PutBucketRequestPayment: 'REQUEST_PAYMENT',
  GetBucketLogging: 'LOGGING_STATUS',
  PutBucketLogging: 'LOGGING_STATUS',
  GetBucketReplication: 'REPLICATION',
  GetBucketAccelerateConfiguration: 'ACCELERATE',
  ListMultipartUploads: 'UPLOADS',
  DeleteObjects: 'MULTI_OBJECT_DELETE',
  GetObjectAcl: 'ACL',
  PutObjectAcl: 'ACL',
  GetObjectTagging: 'OBJECT_TAGGING',
  PutObjectTagging: 'OBJECT_TAGGING',
  DeleteObjectTagging: 'OBJECT_TAGGING',
  GetObjectRetention: 'OBJECT_LOCK_RETENTION',
  PutObjectRetention: 'OBJECT_LOCK_RETENTION',
  GetObjectLegalHold: 'OBJECT_LOCK_LEGALHOLD',
  PutObjectLegalHold: 'OBJECT_LOCK_LEGALHOLD',
  GetObjectAttributes: 'OBJECT_ATTRIBUTES',
  ListParts: 'UPLOAD',
  UploadPart: 'PART',
  CreateMultipartUpload: 'UPLOADS',
  CompleteMultipartUpload: 'UPLOAD',
  AbortMultipartUpload: 'UPLOAD',
  RestoreObject: 'RESTORE',
};

/** S3 names copies by what they do, not by their method. */
const copies: Readonly<Record<string, string>> = {
  CopyObject: 'REST.COPY.OBJECT',
  UploadPartCopy: 'REST.COPY.PART',
};

/** What is known of a request when its line is written. */
export interface NamedRequest {
  readonly method: string;
  /** As S3's API has it; undefined where the request was refused before it was known. */
  readonly operation: string | undefined;
  /** Empty or undefined: the request is about its bucket. */
  readonly key: string | undefined;
}

/**
 * How S3's log calls a request: `REST.GET.OBJECT`.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
 */
export function loggedOperation({ method, operation = '', key }: NamedRequest): string {
  if (method === 'OPTIONS') return 'REST.OPTIONS.PREFLIGHT';
  const ofCopy = Object.hasOwn(copies, operation) ? copies[operation] : undefined;
  if (ofCopy !== undefined) return ofCopy;
  const protocol = operation === 'GetWebsite' ? 'WEBSITE' : 'REST';
  // A website shows an object for each of its paths.
  const isOfBucket = (key ?? '') === '' && protocol === 'REST';
  const named = Object.hasOwn(resources, operation) ? resources[operation] : undefined;
  const resource = named ?? (isOfBucket ? 'BUCKET' : 'OBJECT');
  return `${protocol}.${/^[A-Z]{1,16}$/.test(method) ? method : '-'}.${resource}`;
}

/** The line of a copy's source; undefined of what is no copy. */
export function copySourceOperation(operation: string | undefined): string | undefined {
  if (operation === undefined || !Object.hasOwn(copies, operation)) return undefined;
  return `${copies[operation]}_GET`;
}
