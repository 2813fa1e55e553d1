import { LogStoreError } from '../base/errors.js';
import { limits } from '../base/limits.js';
import type { StateFacts } from '../catalog/object-states.js';
import { lockModes, noState, type ObjectState } from '../format/object-state.js';
import type { InitialState, ObjectLock, Retention, Tags } from './version-options.js';

const tagCountMax = 10; // S3's own limit of an object's tags
const tagNameMax = 128;
const tagValueMax = 256;

/** @throws LogStoreError `INVALID_ARGUMENT` for tags that are too many, too long or not text */
export function tagFields(tags: Tags): readonly string[] {
  const entries = Object.entries(tags);
  const fit = entries.every(
    ([name, value]) =>
      typeof value === 'string' &&
      name.length > 0 &&
      name.length <= tagNameMax &&
      value.length <= tagValueMax,
  );
  if (fit && entries.length <= tagCountMax) return entries.flat();
  const most = `at most ${tagCountMax} tags, names of 1 to ${tagNameMax} and values of at most`;
  throw new LogStoreError('INVALID_ARGUMENT', `an object has ${most} ${tagValueMax} characters`);
}

export function tagsOfFields(fields: readonly string[]): Tags {
  const tags: [string, string][] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    tags.push([fields[at] ?? '', fields[at + 1] ?? '']);
  }
  return Object.fromEntries(tags);
}

/** @throws LogStoreError `INVALID_ARGUMENT` */
export function aclField(acl: string | null | undefined): string | null {
  if (acl === null || acl === undefined) return null;
  const { objectAclBytesMax } = limits;
  if (acl.length > 0 && Buffer.byteLength(acl) <= objectAclBytesMax) return acl;
  throw new LogStoreError('INVALID_ARGUMENT', `grants take 1 to ${objectAclBytesMax} bytes`);
}

/** @throws LogStoreError `INVALID_ARGUMENT` */
export function lockFields(lock: ObjectLock): Omit<ObjectState, 'tags'> {
  const { retention, legalHold } = lock;
  if (retention === undefined) return { ...noState, legalHold };
  return { ...noState, ...retentionFields(retention), legalHold };
}

/** @throws LogStoreError `INVALID_ARGUMENT` */
export function retentionFields({
  mode,
  untilUnixMs,
}: Retention): Pick<ObjectState, 'lockMode' | 'retainUntilMs'> {
  const isTime = Number.isSafeInteger(untilUnixMs) && untilUnixMs > 0;
  if (isTime && mode === 'GOVERNANCE') {
    return { lockMode: lockModes.governance, retainUntilMs: untilUnixMs };
  }
  if (isTime && mode === 'COMPLIANCE') {
    return { lockMode: lockModes.compliance, retainUntilMs: untilUnixMs };
  }
  throw new LogStoreError('INVALID_ARGUMENT', 'a retention has a mode and a time');
}

/**
 * What an object begins with; nothing for nearly all.
 * @throws LogStoreError `INVALID_ARGUMENT`, also for a retention that has ended already
 */
export function initialState(
  { tags, lock, acl: given }: InitialState,
  nowMs: number,
): { readonly state?: ObjectState } {
  if (tags === undefined && lock === undefined && given === undefined) return noInitialState;
  const fields = lock === undefined ? noState : lockFields(lock);
  if (fields.lockMode !== lockModes.none && fields.retainUntilMs <= nowMs) {
    throw new LogStoreError('INVALID_ARGUMENT', 'The retain until date must be in the future!');
  }
  const ofTags = tags === undefined ? noState.tags : tagFields(tags);
  const acl = aclField(given);
  const isUnlocked = fields.lockMode === lockModes.none && fields.legalHold === undefined;
  const isNothing = isUnlocked && ofTags.length === 0 && acl === null;
  return isNothing ? noInitialState : { state: { ...fields, tags: ofTags, acl } };
}

const noInitialState = Object.freeze({});

/** What a version is protected by, as callers see it. */
export function lockOf(
  facts: Pick<StateFacts, 'lockMode' | 'retainUntilMs' | 'legalHold'> | undefined,
): ObjectLock | undefined {
  if (facts === undefined) return undefined;
  const { lockMode, retainUntilMs: untilUnixMs, legalHold } = facts;
  if (lockMode === lockModes.none) return legalHold ? { legalHold } : undefined;
  const mode = lockMode === lockModes.compliance ? 'COMPLIANCE' : 'GOVERNANCE';
  return { retention: { mode, untilUnixMs }, legalHold };
}
