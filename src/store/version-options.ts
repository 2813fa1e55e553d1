import type { WriteCondition } from '../catalog/conditions.js';
import type { Cause } from '../format/mutation.js';

export type { Cause };

/** Until when a version cannot be removed: under governance but by those who may. */
export interface Retention {
  readonly mode: 'GOVERNANCE' | 'COMPLIANCE';
  readonly untilUnixMs: number;
}

/** What a version is protected by; it cannot be removed while any of it holds. */
export interface ObjectLock {
  readonly retention?: Retention | undefined;
  readonly legalHold?: boolean | undefined;
}

export type Tags = Readonly<Record<string, string>>;

/** What an object begins with, and what can be changed later without writing it again. */
export interface InitialState {
  readonly tags?: Tags | undefined;
  /** Only in buckets with object lock. Without a retention the bucket's own rule counts. */
  readonly lock?: ObjectLock | undefined;
  /** Who may do what with it, in the words of whoever decides. */
  readonly acl?: string | null | undefined;
}

/** Which version is meant; the newest one without an id. */
export interface VersionOptions {
  readonly versionId?: string | undefined;
}

export interface CausedOptions {
  /** Whose request this is: those are told who are told of events at once. */
  readonly cause?: Cause | undefined;
}

export interface StateOptions extends VersionOptions, CausedOptions {}

export interface DeleteOptions extends WriteCondition, VersionOptions, CausedOptions {
  /** Remove also what is retained under governance. */
  readonly bypassGovernance?: boolean | undefined;
}

export interface RetentionOptions extends VersionOptions {
  /** Shorten or remove also a retention under governance that stands. */
  readonly bypassGovernance?: boolean | undefined;
}

/** The version that was meant; none in a bucket that never had versions. */
export interface VersionId {
  readonly versionId: string | undefined;
}

export interface ObjectTags extends VersionId {
  readonly tags: Tags;
}

export interface LegalHold extends VersionId {
  /** Undefined: nothing was ever said of one. */
  readonly legalHold: boolean | undefined;
}

export interface DeleteResult {
  /** Whether there was such an object. Deleting what is not there is no error. */
  readonly removed: boolean;
  /** Of the version that was removed; of the delete marker, where one was made. */
  readonly versionId?: string | undefined;
  /** Whether `versionId` is a delete marker's. */
  readonly deleteMarker?: boolean | undefined;
  /** Of the change itself, as the ledger counts: none where nothing was there. */
  readonly version?: number | undefined;
}
