import { LogStoreError } from '../base/errors.js';
import { invariant } from '../base/invariant.js';

/**
 * How many shards of data, and how many of parity: any `dataCount` of them give all the others.
 * Shards are numbered from 0, data first.
 */
export interface Code {
  readonly dataCount: number;
  readonly parityCount: number;
}

/** What a byte can tell apart. */
const shardsMax = 256;

/**
 * Refuses losses that the code does not make good.
 * @throws LogStoreError `RECORD_CORRUPT` if more shards are missing than the code has parity
 */
export function checkMissing(code: Code, missing: readonly number[]): void {
  const { dataCount, parityCount } = code;
  const shardCount = dataCount + parityCount;
  invariant(dataCount >= 1 && parityCount >= 1 && shardCount <= shardsMax, 'a code of bytes');
  const isShard = (row: number) => Number.isInteger(row) && row >= 0 && row < shardCount;
  invariant(new Set(missing).size === missing.length, 'what is missing is named once');
  invariant(missing.every(isShard), 'what is missing is a shard');
  if (missing.length <= parityCount) return;
  throw new LogStoreError(
    'RECORD_CORRUPT',
    `${missing.length} of ${shardCount} shards are missing, and parity makes good ${parityCount}`,
  );
}

/** The whole numbers from `start` to `end` - 1. */
export function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, index) => start + index);
}
