import type { Permission } from '../../auth/acl.js';
import type { Action } from '../../auth/actions.js';
import { InvariantError } from '../../base/invariant.js';

/** What an operation takes. */
export interface Right {
  readonly action: Action;
  /** Where the request names a version. */
  readonly versionAction: Action | undefined;
  /** A grant that lets it happen as well, in buckets that know grants. */
  readonly grant: NeededGrant | undefined;
}

export interface NeededGrant {
  readonly of: 'bucket' | 'object';
  readonly permission: Permission;
}

const read = { of: 'object', permission: 'READ' } as const;
const write = { of: 'bucket', permission: 'WRITE' } as const;
const list = { of: 'bucket', permission: 'READ' } as const;

/** What an action takes that no grant lets happen. */
export function rightTo(action: Action): Right {
  return right(action);
}

function right(action: Action, grant?: NeededGrant, versionAction?: Action): Right {
  return { action, versionAction, grant };
}

/**
 * By the names of operations. Some operations take more, which their handlers ask for: a copy
 * reads its source, an object may be put with tags and locks.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
 */
const rights: Readonly<Record<string, Right>> = {
  ListBuckets: right('ListAllMyBuckets'),

  CreateBucket: right('CreateBucket'),
  HeadBucket: right('ListBucket', list),
  DeleteBucket: right('DeleteBucket'),
  GetBucketLocation: right('GetBucketLocation'),
  ListObjects: right('ListBucket', list),
  ListObjectsV2: right('ListBucket', list),
  ListObjectVersions: right('ListBucketVersions', list),
  ListMultipartUploads: right('ListBucketMultipartUploads', list),
  DeleteObjects: right('DeleteObject', write), // asked again for each key
  PostObject: right('PutObject', write),

  GetBucketAbac: right('GetBucketTagging'),
  PutBucketAbac: right('PutBucketTagging'),
  GetBucketAccelerateConfiguration: right('GetAccelerateConfiguration'),
  PutBucketAccelerateConfiguration: right('PutAccelerateConfiguration'),
  GetBucketAcl: right('GetBucketAcl', { of: 'bucket', permission: 'READ_ACP' }),
  PutBucketAcl: right('PutBucketAcl', { of: 'bucket', permission: 'WRITE_ACP' }),
  GetBucketAnalyticsConfiguration: right('GetAnalyticsConfiguration'),
  PutBucketAnalyticsConfiguration: right('PutAnalyticsConfiguration'),
  DeleteBucketAnalyticsConfiguration: right('PutAnalyticsConfiguration'),
  GetBucketCors: right('GetBucketCORS'),
  PutBucketCors: right('PutBucketCORS'),
  DeleteBucketCors: right('PutBucketCORS'),
  GetBucketEncryption: right('GetEncryptionConfiguration'),
  PutBucketEncryption: right('PutEncryptionConfiguration'),
  DeleteBucketEncryption: right('PutEncryptionConfiguration'),
  GetBucketIntelligentTieringConfiguration: right('GetIntelligentTieringConfiguration'),
  PutBucketIntelligentTieringConfiguration: right('PutIntelligentTieringConfiguration'),
  DeleteBucketIntelligentTieringConfiguration: right('PutIntelligentTieringConfiguration'),
  GetBucketInventoryConfiguration: right('GetInventoryConfiguration'),
  PutBucketInventoryConfiguration: right('PutInventoryConfiguration'),
  DeleteBucketInventoryConfiguration: right('PutInventoryConfiguration'),
  GetBucketLifecycleConfiguration: right('GetLifecycleConfiguration'),
  PutBucketLifecycleConfiguration: right('PutLifecycleConfiguration'),
  DeleteBucketLifecycle: right('PutLifecycleConfiguration'),
  GetBucketLogging: right('GetBucketLogging'),
  PutBucketLogging: right('PutBucketLogging'),
  GetBucketMetricsConfiguration: right('GetMetricsConfiguration'),
  PutBucketMetricsConfiguration: right('PutMetricsConfiguration'),
  DeleteBucketMetricsConfiguration: right('PutMetricsConfiguration'),
  GetBucketNotificationConfiguration: right('GetBucketNotification'),
  PutBucketNotificationConfiguration: right('PutBucketNotification'),
  GetBucketOwnershipControls: right('GetBucketOwnershipControls'),
  PutBucketOwnershipControls: right('PutBucketOwnershipControls'),
  DeleteBucketOwnershipControls: right('PutBucketOwnershipControls'),
  GetBucketPolicy: right('GetBucketPolicy'),
  PutBucketPolicy: right('PutBucketPolicy'),
  DeleteBucketPolicy: right('DeleteBucketPolicy'),
  GetBucketPolicyStatus: right('GetBucketPolicyStatus'),
  GetBucketReplication: right('GetReplicationConfiguration'),
  PutBucketReplication: right('PutReplicationConfiguration'),
  DeleteBucketReplication: right('PutReplicationConfiguration'),
  GetBucketRequestPayment: right('GetBucketRequestPayment'),
  PutBucketRequestPayment: right('PutBucketRequestPayment'),
  GetBucketTagging: right('GetBucketTagging'),
  PutBucketTagging: right('PutBucketTagging'),
  DeleteBucketTagging: right('PutBucketTagging'),
  GetBucketVersioning: right('GetBucketVersioning'),
  PutBucketVersioning: right('PutBucketVersioning'),
  GetBucketWebsite: right('GetBucketWebsite'),
  PutBucketWebsite: right('PutBucketWebsite'),
  DeleteBucketWebsite: right('DeleteBucketWebsite'),
  GetObjectLockConfiguration: right('GetBucketObjectLockConfiguration'),
  PutObjectLockConfiguration: right('PutBucketObjectLockConfiguration'),
  GetPublicAccessBlock: right('GetBucketPublicAccessBlock'),
  PutPublicAccessBlock: right('PutBucketPublicAccessBlock'),
  DeletePublicAccessBlock: right('PutBucketPublicAccessBlock'),
  CreateSession: right('CreateSession'),
  GetBucketMetadataConfiguration: right('GetBucketMetadataTableConfiguration'),
  DeleteBucketMetadataConfiguration: right('PutBucketMetadataTableConfiguration'),
  GetBucketMetadataTableConfiguration: right('GetBucketMetadataTableConfiguration'),
  DeleteBucketMetadataTableConfiguration: right('PutBucketMetadataTableConfiguration'),
  CreateBucketMetadataConfiguration: right('PutBucketMetadataTableConfiguration'),
  CreateBucketMetadataTableConfiguration: right('PutBucketMetadataTableConfiguration'),
  UpdateBucketMetadataAnnotationTableConfiguration: right('PutBucketMetadataTableConfiguration'),
  UpdateBucketMetadataInventoryTableConfiguration: right('PutBucketMetadataTableConfiguration'),
  UpdateBucketMetadataJournalTableConfiguration: right('PutBucketMetadataTableConfiguration'),

  GetObject: right('GetObject', read, 'GetObjectVersion'),
  HeadObject: right('GetObject', read, 'GetObjectVersion'),
  GetObjectAttributes: right('GetObjectAttributes', undefined, 'GetObjectVersionAttributes'),
  GetObjectTorrent: right('GetObjectTorrent', read),
  SelectObjectContent: right('GetObject', read),
  PutObject: right('PutObject', write),
  CopyObject: right('PutObject', write),
  RenameObject: right('PutObject', write),
  DeleteObject: right('DeleteObject', write, 'DeleteObjectVersion'),
  CreateMultipartUpload: right('PutObject', write),
  UploadPart: right('PutObject', write),
  UploadPartCopy: right('PutObject', write),
  CompleteMultipartUpload: right('PutObject', write),
  AbortMultipartUpload: right('AbortMultipartUpload', write),
  ListParts: right('ListMultipartUploadParts', write),
  GetObjectAcl: right(
    'GetObjectAcl',
    { of: 'object', permission: 'READ_ACP' },
    'GetObjectVersionAcl',
  ),
  PutObjectAcl: right(
    'PutObjectAcl',
    { of: 'object', permission: 'WRITE_ACP' },
    'PutObjectVersionAcl',
  ),
  GetObjectTagging: right('GetObjectTagging', undefined, 'GetObjectVersionTagging'),
  PutObjectTagging: right('PutObjectTagging', undefined, 'PutObjectVersionTagging'),
  DeleteObjectTagging: right('DeleteObjectTagging', undefined, 'DeleteObjectVersionTagging'),
  GetObjectRetention: right('GetObjectRetention'),
  PutObjectRetention: right('PutObjectRetention'),
  GetObjectLegalHold: right('GetObjectLegalHold'),
  PutObjectLegalHold: right('PutObjectLegalHold'),
  RestoreObject: right('RestoreObject'),
  UpdateObjectEncryption: right('UpdateObjectEncryption'),
  ListObjectAnnotations: right('ListObjectAnnotations', undefined, 'ListObjectVersionAnnotations'),
  PutObjectAnnotation: right('PutObjectAnnotation', undefined, 'PutObjectVersionAnnotation'),
  DeleteObjectAnnotation: right(
    'DeleteObjectAnnotation',
    undefined,
    'DeleteObjectVersionAnnotation',
  ),
};

/** Of an operation that the table does not know nobody could say who may use it. */
export function rightOf(operation: string): Right {
  const found = Object.hasOwn(rights, operation) ? rights[operation] : undefined;
  if (found === undefined) throw new InvariantError(`no right is stated for ${operation}`);
  return found;
}
