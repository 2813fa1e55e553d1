import { encodeVersionKeyInto } from '../format/key-encoding.js';
import { lockModes, type ObjectState } from '../format/object-state.js';
import type { ObjectIndex } from '../index/object-index.js';
import { type CatalogState, keyScratch } from './state.js';

/** In the flags of a row of `states` (SPEC.md §8.2), beside the lock's mode in the lowest bits. */
const legalHoldFlag = 4;
const aclFlag = 8;
const modeMask = 3;

export function flagsOfState({ lockMode, legalHold, acl }: ObjectState): number {
  return lockMode | (legalHold === true ? legalHoldFlag : 0) | (acl === null ? 0 : aclFlag);
}

/** What the index has of a version's state: all but the tags and the grants themselves. */
export interface StateFacts {
  readonly lockMode: number;
  readonly retainUntilMs: number;
  readonly legalHold: boolean;
  readonly tagCount: number;
  readonly hasAcl: boolean;
  /** Where the whole of it stands. */
  readonly sequence: number;
  readonly mutation: number;
  readonly version: number;
}

/** Undefined for a version of which nothing was ever said: nearly all. */
export function stateFactsOf(
  { states }: CatalogState,
  bucket: string,
  key: string,
  version: number,
): StateFacts | undefined {
  if (states.count === 0) return undefined;
  const slot = states.find(keyScratch, encodeVersionKeyInto(keyScratch, bucket, key, version));
  return slot < 0 ? undefined : factsAt(states, slot);
}

function factsAt(states: ObjectIndex, slot: number): StateFacts {
  const { flags, sizeBytes, partCount, sequence, mutation, expiresMs } = states.entry(slot);
  return {
    ...{ lockMode: flags & modeMask, retainUntilMs: sizeBytes },
    ...{ legalHold: (flags & legalHoldFlag) !== 0, tagCount: partCount },
    hasAcl: (flags & aclFlag) !== 0,
    ...{ sequence, mutation, version: expiresMs },
  };
}

/**
 * Why a version cannot be removed, if it cannot.
 * @param nowMs a time that is not behind the true one's back: see LockTime
 */
export function lockOn(
  facts: Pick<StateFacts, 'lockMode' | 'retainUntilMs' | 'legalHold'> | undefined,
  nowMs: number,
  bypassGovernance: boolean,
): string | undefined {
  if (facts === undefined) return undefined;
  const { lockMode, retainUntilMs, legalHold } = facts;
  if (legalHold) return 'a legal hold is on this version';
  if (lockMode === lockModes.none || retainUntilMs <= nowMs) return undefined;
  if (lockMode === lockModes.governance && bypassGovernance) return undefined;
  return 'this version is retained';
}
