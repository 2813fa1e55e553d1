import { LogStoreError } from '../base/errors.js';
import { type ObjectRecord, objectFlags } from '../format/mutation.js';
import { noState, type ObjectState } from '../format/object-state.js';
import { lockByRule, lockRuleOf } from './lock-rule.js';
import type { Bucket } from './state.js';

/** What a bucket says of the objects that are put into it. */
export type PlacingBucket = Pick<Bucket, 'versioning' | 'configurations'>;

/**
 * An object's record as it is put into this bucket now: with its expiry, its kind of version, and
 * the lock that the bucket gives it.
 * @param ttlMs from now on; 0: it expires when the record says
 * @param lockNowMs from which a retention of the bucket's own counts
 * @throws LogStoreError `INVALID_ARGUMENT`, `NO_OBJECT_LOCK`
 */
export function placed(
  bucket: PlacingBucket,
  record: ObjectRecord,
  ttlMs: number,
  nowMs: number,
  lockNowMs: number,
): ObjectRecord {
  const expiresUnixMs = ttlMs === 0 ? record.expiresUnixMs : nowMs + ttlMs;
  const { versioning } = bucket;
  if (versioning === 'off') {
    checkLockable(bucket, record.state);
    return ttlMs === 0 ? record : { ...record, expiresUnixMs };
  }
  // What expires goes without a trace, and what it stood upon would come to light.
  if (expiresUnixMs !== 0) {
    throw new LogStoreError('INVALID_ARGUMENT', 'in a bucket with versions nothing has a TTL');
  }
  const flags = record.flags | (versioning === 'enabled' ? objectFlags.versioned : 0);
  const state = stateIn(bucket, record, lockNowMs);
  return state === undefined ? { ...record, flags } : { ...record, flags, state };
}

function stateIn(
  bucket: PlacingBucket,
  { state, flags }: ObjectRecord,
  nowMs: number,
): ObjectState | undefined {
  checkLockable(bucket, state);
  if ((flags & objectFlags.marker) !== 0 || (state?.lockMode ?? 0) !== 0) return state;
  const value = bucket.configurations.get('object-lock')?.value;
  const rule = typeof value === 'string' ? lockRuleOf(value) : undefined;
  return rule === undefined ? state : { ...noState, ...state, ...lockByRule(rule, nowMs) };
}

/** @throws LogStoreError `NO_OBJECT_LOCK` for a lock in a bucket that has none */
export function checkLockable(bucket: PlacingBucket, state: ObjectState | undefined): void {
  if (state === undefined || (state.lockMode === 0 && state.legalHold === undefined)) return;
  if (bucket.configurations.has('object-lock')) return;
  throw new LogStoreError('NO_OBJECT_LOCK', 'Bucket is missing ObjectLockConfiguration');
}
