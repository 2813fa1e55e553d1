/** What a request has beside the selectors of its operation. */
export interface Change {
  /** Behind the selectors: `versionId=bad`. */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** In place of the operation's own values of its selectors. */
  readonly selectors?: Readonly<Record<string, string>>;
}

/** What is there before each request. */
export interface Ground {
  readonly bucket: string;
  readonly uploadId: string;
  /** Of the part 1 of the upload. */
  readonly etag: string;
}

/** A status of success or, for a refusal, S3's code. */
export type Outcome = number | string;

/** What one operation answers. */
export interface Row {
  readonly good?: Change | ((ground: Ground) => Change);
  readonly answers: Outcome;
  /** The operation that sets what this one is about: its good request goes first. */
  readonly after?: string;
  /** The bucket has object locks, holds no object, or is yet to be made. */
  readonly bucket?: 'plain' | 'locked' | 'empty' | 'none';
  /** The key that it is sent for; `kept` unless given. */
  readonly key?: string;
  readonly isForm?: true;
  /** The good request where one thing is not there. */
  readonly without: Readonly<
    Partial<Record<'bucket' | 'key' | 'upload' | 'configuration', Outcome>>
  >;
  /** What is wrong with the good request, and its code; of all, a hash is tried that is none. */
  readonly malformed?: readonly (readonly [change: Change, code: string])[];
}

const noBucket = { bucket: 'NoSuchBucket' } as const;
const noKey = { bucket: 'NoSuchBucket', key: 'NoSuchKey' } as const;
const noUpload = { bucket: 'NoSuchBucket', upload: 'NoSuchUpload' } as const;
const badXml = [
  [{ body: '<x/>' }, 'MalformedXML'],
  [{ body: '<x' }, 'MalformedXML'],
  [{ body: '' }, 'MissingRequestBodyError'],
] as const;
const badVersion = [[{ query: 'versionId=bad' }, 'InvalidArgument']] as const;
const badCount = (name: string) => [[{ query: `${name}=-1` }, 'InvalidArgument']] as const;

interface Setting {
  readonly body: string;
  readonly absent: Outcome;
  /** What its deletion is called, where that is something else. */
  readonly remove?: string;
  readonly answers?: number;
}

/** `Get`, `Put` and `Delete` of what a bucket can be without. */
function configuration(
  of: string,
  { body, absent, remove = of, answers = 200 }: Setting,
): Record<string, Row> {
  const after = `Put${of}`;
  return {
    [`Get${of}`]: { answers: 200, after, without: { ...noBucket, configuration: absent } },
    [after]: { good: { body }, answers, without: noBucket, malformed: badXml },
    [`Delete${remove}`]: { answers: 204, after, without: { ...noBucket, configuration: 204 } },
  };
}

const tags = '<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>';
const corsRule = '<AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>';
const lifecycleRule =
  '<Status>Enabled</Status><Filter><Prefix>p/</Prefix></Filter>' +
  '<Expiration><Days>1</Days></Expiration>';
const sseRule =
  '<ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>' +
  '</ApplyServerSideEncryptionByDefault>';
const lockRule =
  '<Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Days>1</Days></DefaultRetention></Rule>';
const later = new Date(Date.now() + 86_400_000).toISOString();
const website =
  '<WebsiteConfiguration><IndexDocument><Suffix>i</Suffix></IndexDocument></WebsiteConfiguration>';
const retention = `<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>${later}</RetainUntilDate></Retention>`;
/** The one list that buckets without lists take. */
const ownersAcl = { headers: { 'x-amz-acl': 'bucket-owner-full-control' }, body: '' } as const;
const badBuckets = [[{ query: 'max-buckets=0' }, 'InvalidArgument']] as const;
const badCreation = [
  [{ body: '<x/>' }, 'MalformedXML'],
  [{ headers: { 'x-amz-acl': 'everybody' } }, 'InvalidArgument'],
] as const;

function completion(etag: string): string {
  const part = `<Part><PartNumber>1</PartNumber><ETag>${etag}</ETag></Part>`;
  return `<CompleteMultipartUpload>${part}</CompleteMultipartUpload>`;
}

const policy = ({ bucket }: Ground) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      ...{ Effect: 'Deny', Principal: '*', Action: 's3:PutBucketWebsite' },
      Resource: `arn:aws:s3:::${bucket}`,
    },
  });

const bucketRows: Readonly<Record<string, Row>> = {
  GetBucketLocation: { answers: 200, without: noBucket },
  HeadBucket: { answers: 200, without: noBucket },
  DeleteBucket: { answers: 204, bucket: 'empty', without: noBucket },
  GetBucketVersioning: { answers: 200, without: noBucket },
  PutBucketVersioning: {
    good: { body: '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>' },
    ...{ answers: 200, without: noBucket, malformed: badXml },
  },
  ListObjectVersions: { answers: 200, without: noBucket, malformed: badCount('max-keys') },
  ListMultipartUploads: { answers: 200, without: noBucket, malformed: badCount('max-uploads') },
  ListObjects: { answers: 200, without: noBucket, malformed: badCount('max-keys') },
  ListObjectsV2: { answers: 200, without: noBucket, malformed: badCount('max-keys') },
  DeleteObjects: {
    good: { body: '<Delete><Object><Key>kept</Key></Object></Delete>' },
    ...{ answers: 200, without: noBucket, malformed: badXml },
  },
  PostObject: { answers: 204, isForm: true, without: noBucket },
  GetBucketRequestPayment: { answers: 200, without: noBucket },
  PutBucketRequestPayment: {
    good: {
      body: '<RequestPaymentConfiguration><Payer>BucketOwner</Payer></RequestPaymentConfiguration>',
    },
    ...{ answers: 200, without: noBucket, malformed: badXml },
  },
  GetBucketLogging: { answers: 200, without: noBucket },
  PutBucketLogging: {
    ...{ good: { body: '<BucketLoggingStatus/>' }, answers: 200, without: noBucket },
    malformed: badXml,
  },
  GetBucketReplication: { answers: 'ReplicationConfigurationNotFoundError', without: noBucket },
  GetBucketAccelerateConfiguration: { answers: 200, without: noBucket },
  GetBucketNotificationConfiguration: {
    ...{ answers: 200, after: 'PutBucketNotificationConfiguration' },
    without: { ...noBucket, configuration: 200 },
  },
  PutBucketNotificationConfiguration: {
    ...{ good: { body: '<NotificationConfiguration/>' }, answers: 200, without: noBucket },
    malformed: badXml,
  },
  GetBucketAcl: { answers: 200, without: noBucket },
  PutBucketAcl: {
    ...{ good: ownersAcl, answers: 200, without: noBucket },
    malformed: [
      [{ headers: { 'x-amz-acl': 'everybody' } }, 'InvalidArgument'],
      [{ ...ownersAcl, body: '<x/>' }, 'UnexpectedContent'],
      [{ headers: {}, body: '<x/>' }, 'MalformedXML'],
      [{ headers: {}, body: '' }, 'MissingSecurityHeader'],
    ],
  },
  GetBucketPolicy: {
    ...{ answers: 200, after: 'PutBucketPolicy' },
    without: { ...noBucket, configuration: 'NoSuchBucketPolicy' },
  },
  PutBucketPolicy: {
    ...{ good: (ground) => ({ body: policy(ground) }), answers: 204, without: noBucket },
    malformed: [
      [{ body: '{}' }, 'MalformedPolicy'],
      [{ body: 'none' }, 'MalformedPolicy'],
    ],
  },
  DeleteBucketPolicy: {
    ...{ answers: 204, after: 'PutBucketPolicy', without: { ...noBucket, configuration: 204 } },
  },
  GetBucketPolicyStatus: {
    ...{ answers: 200, after: 'PutBucketPolicy', without: { ...noBucket, configuration: 200 } },
  },
  ...configuration('BucketTagging', { body: tags, absent: 'NoSuchTagSet', answers: 204 }),
  ...configuration('BucketWebsite', { body: website, absent: 'NoSuchWebsiteConfiguration' }),
  ...configuration('BucketCors', {
    body: `<CORSConfiguration><CORSRule>${corsRule}</CORSRule></CORSConfiguration>`,
    absent: 'NoSuchCORSConfiguration',
  }),
  ...configuration('BucketLifecycleConfiguration', {
    body: `<LifecycleConfiguration><Rule>${lifecycleRule}</Rule></LifecycleConfiguration>`,
    ...{ absent: 'NoSuchLifecycleConfiguration', remove: 'BucketLifecycle' },
  }),
  ...configuration('BucketEncryption', {
    body:
      '<ServerSideEncryptionConfiguration>' +
      `<Rule>${sseRule}</Rule></ServerSideEncryptionConfiguration>`,
    absent: 'ServerSideEncryptionConfigurationNotFoundError',
  }),
  ...configuration('BucketOwnershipControls', {
    body:
      '<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule>' +
      '</OwnershipControls>',
    absent: 200, // those that every bucket is made with
  }),
  ...configuration('PublicAccessBlock', {
    body:
      '<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls>' +
      '</PublicAccessBlockConfiguration>',
    absent: 'NoSuchPublicAccessBlockConfiguration',
  }),
  GetObjectLockConfiguration: {
    ...{ answers: 200, after: 'PutObjectLockConfiguration', bucket: 'locked' },
    without: { ...noBucket, configuration: 'ObjectLockConfigurationNotFoundError' },
  },
  PutObjectLockConfiguration: {
    good: {
      body:
        '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>' +
        `${lockRule}</ObjectLockConfiguration>`,
    },
    ...{ answers: 200, bucket: 'locked', malformed: badXml },
    without: { ...noBucket, configuration: 'InvalidBucketState' },
  },
};

const objectRows: Readonly<Record<string, Row>> = {
  GetObject: { answers: 200, without: noKey, malformed: badVersion },
  HeadObject: { answers: 200, without: noKey, malformed: badVersion },
  PutObject: {
    ...{ good: { body: 'new' }, answers: 200, without: { ...noBucket, key: 200 } },
    malformed: [
      [{ headers: { 'content-md5': 'none' } }, 'InvalidDigest'],
      [{ headers: { 'x-amz-checksum-crc32': 'none' } }, 'InvalidRequest'],
      [{ headers: { 'x-amz-tagging': 'a=%' } }, 'InvalidArgument'],
    ],
  },
  CopyObject: {
    ...{ key: 'copy', answers: 200, without: noKey },
    malformed: [
      [{ headers: { 'x-amz-copy-source': 'kept' } }, 'InvalidArgument'],
      [{ headers: { 'x-amz-metadata-directive': 'MERGE' } }, 'InvalidArgument'],
    ],
  },
  DeleteObject: { answers: 204, without: { ...noBucket, key: 204 }, malformed: badVersion },
  GetObjectAttributes: {
    good: { headers: { 'x-amz-object-attributes': 'ETag' } },
    ...{ answers: 200, without: noKey },
    malformed: [
      [{ headers: { 'x-amz-object-attributes': 'Colour' } }, 'InvalidArgument'],
      ...badVersion,
    ],
  },
  GetObjectAcl: { answers: 200, without: noKey, malformed: badVersion },
  PutObjectAcl: {
    ...{ good: ownersAcl, answers: 200, without: noKey },
    malformed: [
      [{ headers: { 'x-amz-acl': 'everybody' } }, 'InvalidArgument'],
      [{ headers: {}, body: '<x/>' }, 'MalformedXML'],
      ...badVersion,
    ],
  },
  GetObjectTagging: {
    ...{ answers: 200, after: 'PutObjectTagging', malformed: badVersion },
    without: { ...noKey, configuration: 200 },
  },
  PutObjectTagging: {
    ...{ good: { body: tags }, answers: 200, without: noKey },
    malformed: [...badXml, ...badVersion],
  },
  DeleteObjectTagging: {
    ...{ answers: 204, after: 'PutObjectTagging', malformed: badVersion },
    without: { ...noKey, configuration: 204 },
  },
  GetObjectRetention: {
    ...{ answers: 200, after: 'PutObjectRetention', bucket: 'locked', malformed: badVersion },
    without: { ...noKey, configuration: 'InvalidRequest' },
  },
  PutObjectRetention: {
    good: { body: retention },
    ...{ answers: 200, bucket: 'locked', malformed: [...badXml, ...badVersion] },
    without: { ...noKey, configuration: 'InvalidRequest' },
  },
  GetObjectLegalHold: {
    ...{ answers: 200, after: 'PutObjectLegalHold', bucket: 'locked', malformed: badVersion },
    without: { ...noKey, configuration: 'InvalidRequest' },
  },
  PutObjectLegalHold: {
    good: { body: '<LegalHold><Status>ON</Status></LegalHold>' },
    ...{ answers: 200, bucket: 'locked', malformed: [...badXml, ...badVersion] },
    without: { ...noKey, configuration: 'InvalidRequest' },
  },
  RestoreObject: {
    ...{ good: { body: '<RestoreRequest/>' }, answers: 'InvalidObjectState', without: noKey },
    malformed: [...badXml, ...badVersion],
  },
  CreateMultipartUpload: {
    ...{ good: { body: '' }, answers: 200, without: { ...noBucket, key: 200 } },
    malformed: [[{ headers: { 'x-amz-checksum-algorithm': 'CRC8' } }, 'InvalidRequest']],
  },
  UploadPart: {
    ...{ good: { body: 'part' }, answers: 200, without: noUpload },
    malformed: [
      [{ selectors: { partNumber: '0' } }, 'InvalidArgument'],
      [{ headers: { 'content-md5': 'none' } }, 'InvalidDigest'],
    ],
  },
  UploadPartCopy: {
    ...{ answers: 200, without: { ...noUpload, key: 'NoSuchKey' } },
    malformed: [
      [{ selectors: { partNumber: '0' } }, 'InvalidArgument'],
      [{ headers: { 'x-amz-copy-source': 'kept' } }, 'InvalidArgument'],
      [{ headers: { 'x-amz-copy-source-range': '0-1' } }, 'InvalidArgument'],
    ],
  },
  ListParts: { answers: 200, without: noUpload, malformed: badCount('max-parts') },
  CompleteMultipartUpload: {
    ...{ good: ({ etag }) => ({ body: completion(etag) }), answers: 200, without: noUpload },
    malformed: [
      [{ body: '' }, 'MalformedXML'],
      [{ body: '<CompleteMultipartUpload/>' }, 'MalformedXML'],
      [{ body: completion('"none"') }, 'InvalidPart'],
    ],
  },
  AbortMultipartUpload: { answers: 204, without: noUpload },
};

/** What every operation that is served answers, by its name. */
export const operationRows: ReadonlyMap<string, Row> = new Map([
  ['ListBuckets', { answers: 200, without: {}, malformed: badBuckets }],
  ['CreateBucket', { answers: 200, bucket: 'none', without: {}, malformed: badCreation }],
  ...Object.entries(bucketRows),
  ...Object.entries(objectRows),
]);
