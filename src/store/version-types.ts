import type { Versioning } from '../catalog/state.js';
import type {
  ListedVersion,
  ListVersionsOptions,
  VersionPage,
} from '../catalog/version-listing.js';
import type { ConfigurationName } from '../format/mutation.js';
import type { StoreAccess } from './access-types.js';
import type { LifecycleExpiry } from './lifecycle-expiry.js';
import type { LockClock } from './lock-time-record.js';
import type { ObjectInfo } from './object-types.js';
import type {
  LegalHold,
  ObjectTags,
  Retention,
  RetentionOptions,
  StateOptions,
  Tags,
  VersionId,
  VersionOptions,
} from './version-options.js';

export type { LifecycleExpiry } from './lifecycle-expiry.js';
export type { LockClock } from './lock-time-record.js';
export type { ConfigurationName, ListedVersion, ListVersionsOptions, Versioning, VersionPage };

export interface CreateBucketOptions {
  /** Its versions can be locked; it has versions from the beginning, and for ever. */
  readonly objectLock?: boolean | undefined;
  /** The id of who it belongs to; without one it is the store's own. */
  readonly owner?: string | undefined;
  /** What it has from the beginning, beside versioning and lock. */
  readonly configurations?: Readonly<Partial<Record<ConfigurationName, string>>> | undefined;
}

/** A document of a bucket, as it was set last. */
export interface BucketConfiguration {
  readonly value: string | Uint8Array;
  readonly modifiedUnixMs: number;
}

/** What of the store's face is about versions, their states, and what buckets say of them. */
export interface VersionedStore {
  /** Whether older versions of keys stay; `off` until it is set for the first time. */
  bucketVersioning(bucket: string): Promise<Versioning>;
  setBucketVersioning(bucket: string, versioning: 'enabled' | 'suspended'): Promise<void>;
  /** What is kept for a bucket under this name, undefined if nothing is. */
  bucketConfiguration(
    bucket: string,
    name: ConfigurationName,
  ): Promise<BucketConfiguration | undefined>;
  /**
   * Keeps a document for a bucket; null removes it. The store itself acts upon `versioning`
   * (`Enabled`, `Suspended`) and `object-lock` (`Enabled`, `Enabled GOVERNANCE 30 days`).
   */
  setBucketConfiguration(
    bucket: string,
    name: ConfigurationName,
    value: string | Uint8Array | null,
  ): Promise<void>;
  /** When the newest version of a key expires by its bucket's lifecycle, if it does. */
  lifecycleExpiry(info: ObjectInfo): Promise<LifecycleExpiry | undefined> | undefined;
  getTags(bucket: string, key: string, options?: VersionOptions): Promise<ObjectTags>;
  /** In place of all that it had. */
  setTags(bucket: string, key: string, tags: Tags, options?: StateOptions): Promise<VersionId>;
  /** Undefined removes it, where that is allowed. @throws LogStoreError `OBJECT_LOCKED` */
  setRetention(
    bucket: string,
    key: string,
    retention: Retention | undefined,
    options?: RetentionOptions,
  ): Promise<VersionId>;
  /** The time by which locks end: it does not pass while the store is closed. */
  lockClock(): Promise<LockClock>;
  /**
   * Takes the wall clock for right, and keeps in the log that this was said. Locks that have ended
   * by it are then at an end.
   * @throws LogStoreError `INVALID_ARGUMENT` where the wall clock is behind
   */
  confirmLockClock(): Promise<LockClock>;
  getLegalHold(bucket: string, key: string, options?: VersionOptions): Promise<LegalHold>;
  setLegalHold(
    bucket: string,
    key: string,
    legalHold: boolean,
    options?: VersionOptions,
  ): Promise<VersionId>;
  /** Who may use it: kept here, decided elsewhere. */
  readonly access: StoreAccess;
  /** All versions and delete markers: by key, and of one key the newest first. */
  listVersions(bucket: string, options?: ListVersionsOptions): Promise<VersionPage>;
}
