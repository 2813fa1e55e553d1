import { invariant } from '../base/invariant.js';
import type { StateFacts } from '../catalog/object-states.js';
import type { PendingCommit } from '../catalog/pending.js';
import { versionIdOf } from '../catalog/versions.js';
import type { ObjectRecord } from '../format/mutation.js';
import type { ObjectState } from '../format/object-state.js';
import { putObjectAt, type StoredCommit } from './commits.js';
import { objectInfo } from './object-info.js';
import type { ObjectInfo } from './object-types.js';

/** A version of an object as its commit tells of it. */
export interface FoundObject {
  readonly info: ObjectInfo;
  readonly record: ObjectRecord;
  readonly stored: StoredCommit;
  readonly sequence: number;
  readonly mutation: number;
  readonly facts: StateFacts | undefined;
}

/** Where a version stands, as the index has it at one moment. */
export interface FoundPlace {
  readonly sequence: number;
  readonly mutation: number;
  readonly version: number;
  /** Whether its bucket ever had versions. */
  readonly isVersioned: boolean;
  readonly facts: StateFacts | undefined;
}

export function foundIn(
  stored: StoredCommit,
  bucket: string,
  key: string,
  { sequence, mutation, version, isVersioned, facts }: FoundPlace,
): FoundObject {
  const { object: record } = putObjectAt(stored, sequence, mutation, version);
  const { timeUnixMs } = stored.commit;
  const versionId = isVersioned ? versionIdOf(version, record.flags) : undefined;
  const info = objectInfo(bucket, key, version, timeUnixMs, record, versionId, facts);
  return { info, record, stored, sequence, mutation, facts };
}

function factsOf(state: ObjectState): Omit<StateFacts, 'sequence' | 'mutation' | 'version'> {
  const legalHold = state.legalHold === true;
  return { ...state, legalHold, tagCount: state.tags.length / 2, hasAcl: state.acl !== null };
}

/** In a bucket that never had versions. */
export function infoOfPut(commit: PendingCommit): ObjectInfo {
  return infoOfCommit(commit, false);
}

export function infoOfVersion(commit: PendingCommit): ObjectInfo {
  return infoOfCommit(commit, true);
}

function infoOfCommit(
  { mutations, version, timeUnixMs }: PendingCommit,
  isVersioned: boolean,
): ObjectInfo {
  const [put] = mutations;
  invariant(put?.is === 'putObject', 'the answer is to a put');
  const { bucket, key, object } = put;
  const versionId = isVersioned ? versionIdOf(version, object.flags) : undefined;
  const { state } = object;
  const facts = state === undefined ? undefined : factsOf(state);
  return objectInfo(bucket, key, version, timeUnixMs, object, versionId, facts);
}
