import { isLogStoreError } from '../base/errors.js';
import type { Catalog } from '../catalog/catalog.js';
import { etagText } from '../catalog/conditions.js';
import {
  isAbout,
  type NotificationRule,
  notificationRulesOf,
} from '../catalog/notification-rules.js';
import type { Bucket } from '../catalog/state.js';
import { findVersion, nullVersionId, versionIdOf } from '../catalog/versions.js';
import type { Commit } from '../format/commit.js';
import {
  type Cause,
  type DeleteObject,
  type Mutation,
  objectFlags,
  type PutObject,
  type SetObjectState,
} from '../format/mutation.js';

/** One event on its way to one target. */
export interface TargetEvent {
  readonly target: string;
  readonly bucket: string;
  readonly key: string;
  /** Of its commit. */
  readonly sequence: number;
  readonly timeUnixMs: number;
  /** The S3 event message, JSON. */
  readonly message: string;
}

interface EventFacts {
  /** Without `s3:`. */
  readonly name: string;
  readonly sizeBytes?: number | undefined;
  readonly eTag?: string | undefined;
  readonly versionId?: string | undefined;
}

/** By the bucket as it stands: a changed one is another object. */
const rulesOfBuckets = new WeakMap<Bucket, readonly NotificationRule[]>();
const noEvents: readonly TargetEvent[] = Object.freeze([]);

/** What a durable commit is told of, and to whom: by what its buckets wish for now. */
export function eventsOf(
  catalog: Catalog,
  { mutations, version, timeUnixMs }: Commit,
  sequence: number,
  region: string,
): readonly TargetEvent[] {
  let events: TargetEvent[] | undefined;
  for (const [index, mutation] of mutations.entries()) {
    if (!isTold(mutation)) continue;
    const bucket = catalog.state.buckets.get(mutation.bucket);
    if (bucket === undefined || !bucket.configurations.has('notification')) continue;
    const { key } = mutation;
    for (const facts of factsOf(mutation, catalog, bucket, version + index)) {
      for (const rule of rulesIn(bucket)) {
        if (!isAbout(rule, facts.name, key)) continue;
        const at = { version: version + index, timeUnixMs, region, cause: causeOf(mutation) };
        const message = messageOf(facts, rule, bucket, key, at);
        events ??= [];
        events.push({
          target: rule.target,
          bucket: bucket.name,
          key,
          sequence,
          timeUnixMs,
          message,
        });
      }
    }
  }
  return events ?? noEvents;
}

export function rulesIn(bucket: Bucket): readonly NotificationRule[] {
  let rules = rulesOfBuckets.get(bucket);
  if (rules === undefined) {
    rules = readRules(bucket);
    rulesOfBuckets.set(bucket, rules);
  }
  return rules;
}

/** What was admitted by another version may say more: then nobody is told, and nothing fails. */
function readRules({ configurations }: Bucket): readonly NotificationRule[] {
  try {
    return notificationRulesOf(String(configurations.get('notification')?.value));
  } catch (error) {
    if (isLogStoreError(error, 'INVALID_ARGUMENT')) return [];
    throw error;
  }
}

type Told = PutObject | DeleteObject | SetObjectState;

function isTold(mutation: Mutation): mutation is Told {
  const { is } = mutation;
  return is === 'putObject' || is === 'deleteObject' || is === 'setObjectState';
}

function factsOf(
  mutation: Told,
  { state: { objects } }: Catalog,
  bucket: Bucket,
  version: number,
): readonly EventFacts[] {
  if (mutation.is === 'putObject') return [factsOfPut(mutation, bucket, version)];
  if (mutation.is === 'deleteObject') return factsOfRemoval(mutation, bucket);
  return factsOfState(mutation, objects, bucket);
}

/** Nobody is told of locks: S3 has no event for them. */
function factsOfState(
  { key, about, state, version }: SetObjectState,
  objects: Catalog['state']['objects'],
  bucket: Bucket,
): EventFacts[] {
  if (about === undefined) return [];
  const name =
    about === 'acl'
      ? 'ObjectAcl:Put'
      : `ObjectTagging:${state.tags.length === 0 ? 'Delete' : 'Put'}`;
  if (bucket.versioning === 'off') return [{ name }];
  const ofNull = findVersion(objects, bucket.name, key, nullVersionId);
  const isNull = ofNull >= 0 && objects.versionAt(ofNull) === version;
  return [{ name, versionId: versionIdOf(version, isNull ? 0 : objectFlags.versioned) }];
}

function factsOfPut({ object, origin }: PutObject, bucket: Bucket, version: number): EventFacts {
  const { flags, sizeBytes, etag, partCount, uploadVersion } = object;
  const versionId = bucket.versioning === 'off' ? undefined : versionIdOf(version, flags);
  if ((flags & objectFlags.marker) !== 0) {
    const kind = origin === 'lifecycle' ? 'LifecycleExpiration' : 'ObjectRemoved';
    return { name: `${kind}:DeleteMarkerCreated`, versionId };
  }
  const how = origin === 'copy' ? 'Copy' : origin === 'post' ? 'Post' : 'Put';
  const name = `ObjectCreated:${uploadVersion === 0 ? how : 'CompleteMultipartUpload'}`;
  return { name, versionId, sizeBytes, eTag: etagText(etag, partCount) };
}

/** One for each version that goes. */
function factsOfRemoval({ ends, reason }: DeleteObject, bucket: Bucket): EventFacts[] {
  const name = reason === 0 ? 'ObjectRemoved:Delete' : 'LifecycleExpiration:Delete';
  if (bucket.versioning === 'off') return [{ name }];
  const facts: EventFacts[] = [];
  for (let at = 2; at < ends.length; at += 3) {
    facts.push({ name, versionId: versionIdOf(ends[at] ?? 0, objectFlags.versioned) });
  }
  return facts;
}

interface Circumstances {
  readonly version: number;
  readonly timeUnixMs: number;
  readonly region: string;
  /** Unknown of what is read from the log again. */
  readonly cause: Cause | undefined;
}

/** What no request asks for is S3's own doing, as AWS says it. */
function causeOf(mutation: Told): Cause | undefined {
  const isOwn =
    (mutation.is === 'deleteObject' && mutation.reason !== 0) ||
    (mutation.is === 'putObject' && mutation.origin === 'lifecycle');
  return isOwn ? ownCause : mutation.cause;
}

const s3Itself = 's3.amazonaws.com';
const ownCause: Cause = { principalId: s3Itself, address: s3Itself, requestId: '', hostId: '' };

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html */
function messageOf(
  { name, sizeBytes, eTag, versionId }: EventFacts,
  rule: NotificationRule,
  { name: bucketName, owner }: Bucket,
  key: string,
  at: Circumstances,
): string {
  const { cause } = at;
  const object = {
    key: encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/'),
    ...(sizeBytes === undefined ? {} : { size: sizeBytes }),
    ...(eTag === undefined ? {} : { eTag }),
    ...(versionId === undefined ? {} : { versionId }),
    // Of two events of a key the later one has the greater: the order of commits.
    sequencer: at.version.toString(16).toUpperCase().padStart(16, '0'),
  };
  const bucket = {
    ...{ name: bucketName, ownerIdentity: { principalId: owner ?? '' } },
    arn: `arn:aws:s3:::${bucketName}`,
  };
  const record = {
    ...{ eventVersion: '2.2', eventSource: 'aws:s3', awsRegion: at.region },
    ...{ eventTime: new Date(at.timeUnixMs).toISOString(), eventName: name },
    userIdentity: { principalId: cause?.principalId ?? '' },
    requestParameters: { sourceIPAddress: cause?.address ?? '' },
    responseElements: {
      'x-amz-request-id': cause?.requestId ?? '',
      'x-amz-id-2': cause?.hostId ?? '',
    },
    s3: { s3SchemaVersion: '1.0', configurationId: rule.id, bucket, object },
  };
  return JSON.stringify({ Records: [record] });
}
