import { getBucketAcl, getObjectAcl, putBucketAcl, putObjectAcl } from './acl-operations.js';
import type { Scope } from './address.js';
import {
  deleteBucketEncryption,
  getBucketEncryption,
  putBucketEncryption,
} from './bucket-encryption.js';
import {
  bucketAcceleration,
  bucketLocation,
  bucketPayer,
  bucketReplication,
  setBucketPayer,
} from './bucket-facts.js';
import {
  deleteBucketLifecycle,
  getBucketLifecycle,
  putBucketLifecycle,
} from './bucket-lifecycle.js';
import { getBucketLogging, putBucketLogging } from './bucket-logging.js';
import { getBucketNotification, putBucketNotification } from './bucket-notification.js';
import {
  deleteBucketPolicy,
  getBucketPolicy,
  getBucketPolicyStatus,
  putBucketPolicy,
} from './bucket-policy.js';
import { getBucketVersioning, putBucketVersioning } from './bucket-versioning.js';
import { createBucket, deleteBucket, headBucket, listBuckets } from './buckets.js';
import { copyObject } from './copy-object.js';
import { deleteBucketCors, getBucketCors, putBucketCors } from './cors.js';
import { deleteObject, deleteObjects } from './delete-objects.js';
import type { Exchange } from './exchange.js';
import { getObject, headObject } from './get-object.js';
import { listObjects, listObjectsV2 } from './list-objects.js';
import { listMultipartUploads, listParts } from './list-uploads.js';
import { listObjectVersions } from './list-versions.js';
import {
  abortMultipartUpload,
  completeMultipartUpload,
  createMultipartUpload,
} from './multipart.js';
import { getObjectAttributes } from './object-attributes.js';
import {
  getObjectLegalHold,
  getObjectLockConfiguration,
  getObjectRetention,
  putObjectLegalHold,
  putObjectLockConfiguration,
  putObjectRetention,
} from './object-lock.js';

import {
  deleteOwnershipControls,
  getOwnershipControls,
  putOwnershipControls,
} from './ownership-controls.js';
import { refuseNoForm } from './post-object.js';
import {
  deletePublicAccessBlock,
  getPublicAccessBlock,
  putPublicAccessBlock,
} from './public-access-block.js';

import { putObject } from './put-object.js';
import { restoreObject } from './restore-object.js';
import {
  deleteBucketTagging,
  deleteObjectTagging,
  getBucketTagging,
  getObjectTagging,
  putBucketTagging,
  putObjectTagging,
} from './tagging.js';
import { uploadPart, uploadPartCopy } from './upload-part.js';
import {
  deleteBucketWebsite,
  getBucketWebsite,
  putBucketWebsite,
} from './website-configuration.js';

export type Method = 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';

/** Answers one request. What it throws becomes the error answer. */
export type Handler = (exchange: Exchange) => Promise<void>;

/** One operation of S3 under the name that AWS's API reference gives it. */
export interface Operation {
  readonly name: string;
  readonly method: Method;
  readonly scope: Scope;
  /** Query parameters (`name` or `name=value`) that select it: all of them must be there. */
  readonly query: readonly string[];
  /** A request header that selects it. */
  readonly header?: string | undefined;
  /** It takes `versionId`. */
  readonly takesVersion: boolean;
  /** Selecting parameters of other operations that this one takes as plain parameters. */
  readonly parameters: readonly string[];
  /** What of a served operation is not served: a sentence for docs/S3.md. */
  readonly partly?: string | undefined;
  /** Absent: the operation is S3's but not served, and answers NotImplemented. */
  readonly handle?: Handler | undefined;
}

interface Details {
  readonly query?: readonly string[];
  readonly header?: string;
  readonly parameters?: readonly string[];
  readonly version?: 'taken';
  readonly partly?: string;
}

function served(
  name: string,
  method: Method,
  scope: Scope,
  handle: Handler,
  { query = [], header, parameters = [], version, partly }: Details = {},
): Operation {
  const takesVersion = version === 'taken';
  return { name, method, scope, query, header, parameters, takesVersion, partly, handle };
}

/** A sub-resource of an object that takes `versionId`. */
function ofVersion(name: string, method: Method, handle: Handler, query: string): Operation {
  return served(name, method, 'object', handle, { query: [query], version: 'taken' });
}

function unserved(name: string, method: Method, scope: Scope, ...query: string[]): Operation {
  return { name, method, scope, query, parameters: [], takesVersion: false };
}

const servedOperations: readonly Operation[] = [
  served('ListBuckets', 'GET', 'service', listBuckets),

  served('GetBucketLocation', 'GET', 'bucket', bucketLocation, { query: ['location'] }),
  served('GetBucketVersioning', 'GET', 'bucket', getBucketVersioning, { query: ['versioning'] }),
  served('PutBucketVersioning', 'PUT', 'bucket', putBucketVersioning, {
    query: ['versioning'],
    partly: 'No MFA delete.',
  }),
  served('ListObjectVersions', 'GET', 'bucket', listObjectVersions, { query: ['versions'] }),
  served('GetBucketTagging', 'GET', 'bucket', getBucketTagging, { query: ['tagging'] }),
  served('PutBucketTagging', 'PUT', 'bucket', putBucketTagging, { query: ['tagging'] }),
  served('DeleteBucketTagging', 'DELETE', 'bucket', deleteBucketTagging, { query: ['tagging'] }),
  served('GetBucketWebsite', 'GET', 'bucket', getBucketWebsite, { query: ['website'] }),
  served('PutBucketWebsite', 'PUT', 'bucket', putBucketWebsite, {
    query: ['website'],
  }),
  served('DeleteBucketWebsite', 'DELETE', 'bucket', deleteBucketWebsite, { query: ['website'] }),
  served('GetBucketCors', 'GET', 'bucket', getBucketCors, { query: ['cors'] }),
  served('PutBucketCors', 'PUT', 'bucket', putBucketCors, { query: ['cors'] }),
  served('DeleteBucketCors', 'DELETE', 'bucket', deleteBucketCors, { query: ['cors'] }),
  served('GetObjectLockConfiguration', 'GET', 'bucket', getObjectLockConfiguration, {
    query: ['object-lock'],
  }),
  served('PutObjectLockConfiguration', 'PUT', 'bucket', putObjectLockConfiguration, {
    query: ['object-lock'],
  }),
  served('GetBucketLifecycleConfiguration', 'GET', 'bucket', getBucketLifecycle, {
    query: ['lifecycle'],
  }),
  served('PutBucketLifecycleConfiguration', 'PUT', 'bucket', putBucketLifecycle, {
    query: ['lifecycle'],
    partly: 'Transitions are NotImplemented.',
  }),
  served('DeleteBucketLifecycle', 'DELETE', 'bucket', deleteBucketLifecycle, {
    query: ['lifecycle'],
  }),
  served('GetBucketNotificationConfiguration', 'GET', 'bucket', getBucketNotification, {
    query: ['notification'],
  }),
  served('PutBucketNotificationConfiguration', 'PUT', 'bucket', putBucketNotification, {
    query: ['notification'],
    partly:
      'Webhooks are told, of objects made and removed, tags and ACLs; of others, NotImplemented.',
  }),
  served('GetBucketEncryption', 'GET', 'bucket', getBucketEncryption, { query: ['encryption'] }),
  served('PutBucketEncryption', 'PUT', 'bucket', putBucketEncryption, { query: ['encryption'] }),
  served('DeleteBucketEncryption', 'DELETE', 'bucket', deleteBucketEncryption, {
    query: ['encryption'],
  }),
  served('GetBucketAcl', 'GET', 'bucket', getBucketAcl, { query: ['acl'] }),
  served('PutBucketAcl', 'PUT', 'bucket', putBucketAcl, { query: ['acl'] }),
  served('GetBucketPolicy', 'GET', 'bucket', getBucketPolicy, { query: ['policy'] }),
  served('PutBucketPolicy', 'PUT', 'bucket', putBucketPolicy, { query: ['policy'] }),
  served('DeleteBucketPolicy', 'DELETE', 'bucket', deleteBucketPolicy, { query: ['policy'] }),
  served('GetBucketPolicyStatus', 'GET', 'bucket', getBucketPolicyStatus, {
    query: ['policyStatus'],
  }),
  served('GetBucketOwnershipControls', 'GET', 'bucket', getOwnershipControls, {
    query: ['ownershipControls'],
  }),
  served('PutBucketOwnershipControls', 'PUT', 'bucket', putOwnershipControls, {
    query: ['ownershipControls'],
  }),
  served('DeleteBucketOwnershipControls', 'DELETE', 'bucket', deleteOwnershipControls, {
    query: ['ownershipControls'],
  }),
  served('GetPublicAccessBlock', 'GET', 'bucket', getPublicAccessBlock, {
    query: ['publicAccessBlock'],
  }),
  served('PutPublicAccessBlock', 'PUT', 'bucket', putPublicAccessBlock, {
    query: ['publicAccessBlock'],
  }),
  served('DeletePublicAccessBlock', 'DELETE', 'bucket', deletePublicAccessBlock, {
    query: ['publicAccessBlock'],
  }),
  served('GetBucketRequestPayment', 'GET', 'bucket', bucketPayer, { query: ['requestPayment'] }),
  served('PutBucketRequestPayment', 'PUT', 'bucket', setBucketPayer, {
    query: ['requestPayment'],
    partly: 'The owner pays; `Requester` is NotImplemented.',
  }),
  served('GetBucketLogging', 'GET', 'bucket', getBucketLogging, { query: ['logging'] }),
  served('PutBucketLogging', 'PUT', 'bucket', putBucketLogging, { query: ['logging'] }),
  served('GetBucketReplication', 'GET', 'bucket', bucketReplication, {
    query: ['replication'],
    partly: 'Says that there is none.',
  }),
  served('GetBucketAccelerateConfiguration', 'GET', 'bucket', bucketAcceleration, {
    query: ['accelerate'],
    partly: 'Says that there is none.',
  }),
  served('ListMultipartUploads', 'GET', 'bucket', listMultipartUploads, { query: ['uploads'] }),
  served('ListObjectsV2', 'GET', 'bucket', listObjectsV2, { query: ['list-type=2'] }),
  served('ListObjects', 'GET', 'bucket', listObjects, { parameters: ['list-type'] }),
  served('HeadBucket', 'HEAD', 'bucket', headBucket),
  served('CreateBucket', 'PUT', 'bucket', createBucket, {
    partly: 'No directory buckets.',
  }),
  served('DeleteBucket', 'DELETE', 'bucket', deleteBucket),
  served('DeleteObjects', 'POST', 'bucket', deleteObjects, { query: ['delete'] }),
  // Forms prove themselves by their fields, and do not come as far as this table.
  served('PostObject', 'POST', 'bucket', refuseNoForm),

  ofVersion('GetObjectAcl', 'GET', getObjectAcl, 'acl'),
  ofVersion('PutObjectAcl', 'PUT', putObjectAcl, 'acl'),
  ofVersion('GetObjectTagging', 'GET', getObjectTagging, 'tagging'),
  ofVersion('PutObjectTagging', 'PUT', putObjectTagging, 'tagging'),
  ofVersion('DeleteObjectTagging', 'DELETE', deleteObjectTagging, 'tagging'),
  ofVersion('GetObjectRetention', 'GET', getObjectRetention, 'retention'),
  ofVersion('PutObjectRetention', 'PUT', putObjectRetention, 'retention'),
  ofVersion('GetObjectLegalHold', 'GET', getObjectLegalHold, 'legal-hold'),
  ofVersion('PutObjectLegalHold', 'PUT', putObjectLegalHold, 'legal-hold'),
  ofVersion('GetObjectAttributes', 'GET', getObjectAttributes, 'attributes'),
  served('ListParts', 'GET', 'object', listParts, { query: ['uploadId'] }),
  served('GetObject', 'GET', 'object', getObject, {
    parameters: ['partNumber'],
    version: 'taken',
  }),
  served('HeadObject', 'HEAD', 'object', headObject, {
    parameters: ['partNumber'],
    version: 'taken',
  }),
  served('UploadPartCopy', 'PUT', 'object', uploadPartCopy, {
    query: ['partNumber', 'uploadId'],
    header: 'x-amz-copy-source',
  }),
  served('UploadPart', 'PUT', 'object', uploadPart, { query: ['partNumber', 'uploadId'] }),
  served('CopyObject', 'PUT', 'object', copyObject, { header: 'x-amz-copy-source' }),
  served('PutObject', 'PUT', 'object', putObject),
  served('CreateMultipartUpload', 'POST', 'object', createMultipartUpload, { query: ['uploads'] }),
  served('CompleteMultipartUpload', 'POST', 'object', completeMultipartUpload, {
    query: ['uploadId'],
  }),
  served('AbortMultipartUpload', 'DELETE', 'object', abortMultipartUpload, {
    query: ['uploadId'],
  }),
  served('RestoreObject', 'POST', 'object', restoreObject, {
    ...{ query: ['restore'], version: 'taken' },
    partly: 'Nothing is archived: InvalidObjectState.',
  }),
  served('DeleteObject', 'DELETE', 'object', deleteObject, { version: 'taken' }),
];

/** `Get…`, `Put…`, `Delete…` of one sub-resource that is not served. */
function configuration(
  scope: Scope,
  query: string,
  names: { readonly [method in 'GET' | 'PUT' | 'DELETE']?: string },
): Operation[] {
  const methods = ['GET', 'PUT', 'DELETE'] as const;
  return methods.flatMap((method) => {
    const name = names[method];
    return name === undefined ? [] : [unserved(name, method, scope, query)];
  });
}

/** The three verbs of a bucket's configuration whose names follow S3's pattern. */
function bucketConfiguration(query: string, noun: string): Operation[] {
  const names = { GET: `GetBucket${noun}`, PUT: `PutBucket${noun}`, DELETE: `DeleteBucket${noun}` };
  return configuration('bucket', query, names);
}

const unservedBucketOperations: readonly Operation[] = [
  ...bucketConfiguration('analytics', 'AnalyticsConfiguration'),
  ...bucketConfiguration('intelligent-tiering', 'IntelligentTieringConfiguration'),
  ...bucketConfiguration('inventory', 'InventoryConfiguration'),
  ...bucketConfiguration('metrics', 'MetricsConfiguration'),
  ...configuration('bucket', 'replication', {
    PUT: 'PutBucketReplication',
    DELETE: 'DeleteBucketReplication',
  }),
  ...configuration('bucket', 'abac', { GET: 'GetBucketAbac', PUT: 'PutBucketAbac' }),
  ...configuration('bucket', 'accelerate', { PUT: 'PutBucketAccelerateConfiguration' }),
  ...configuration('bucket', 'session', { GET: 'CreateSession' }),
  ...configuration('bucket', 'metadataConfiguration', {
    GET: 'GetBucketMetadataConfiguration',
    DELETE: 'DeleteBucketMetadataConfiguration',
  }),
  ...configuration('bucket', 'metadataTable', {
    GET: 'GetBucketMetadataTableConfiguration',
    DELETE: 'DeleteBucketMetadataTableConfiguration',
  }),
  unserved('CreateBucketMetadataConfiguration', 'POST', 'bucket', 'metadataConfiguration'),
  unserved('CreateBucketMetadataTableConfiguration', 'POST', 'bucket', 'metadataTable'),
  unserved(
    'UpdateBucketMetadataAnnotationTableConfiguration',
    'PUT',
    'bucket',
    'metadataAnnotationTable',
  ),
  unserved(
    'UpdateBucketMetadataInventoryTableConfiguration',
    'PUT',
    'bucket',
    'metadataInventoryTable',
  ),
  unserved(
    'UpdateBucketMetadataJournalTableConfiguration',
    'PUT',
    'bucket',
    'metadataJournalTable',
  ),
];

const unservedObjectOperations: readonly Operation[] = [
  // GetObjectAnnotation is the same request with a name in it.
  ...configuration('object', 'annotation', {
    GET: 'ListObjectAnnotations',
    PUT: 'PutObjectAnnotation',
    DELETE: 'DeleteObjectAnnotation',
  }),
  ...configuration('object', 'encryption', { PUT: 'UpdateObjectEncryption' }),
  ...configuration('object', 'renameObject', { PUT: 'RenameObject' }),
  ...configuration('object', 'torrent', { GET: 'GetObjectTorrent' }),
  unserved('SelectObjectContent', 'POST', 'object', 'select'),
];

/**
 * Every operation of S3. Among those of one method and scope the first that the request satisfies
 * is meant; one without selectors stands behind those with.
 */
export const operations: readonly Operation[] = [
  ...servedOperations.filter(({ query }) => query.length > 0),
  ...unservedBucketOperations,
  ...unservedObjectOperations,
  ...servedOperations.filter(({ query }) => query.length === 0),
];
