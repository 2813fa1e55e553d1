import type { Mutation } from '../format/mutation.js';
import type { Hash } from '../merkle/rfc6962.js';
import {
  recordOfBucket,
  recordOfConfiguration,
  recordOfObject,
  recordOfState,
} from './derive-record.js';

/** What of a record does not stand in the commit that made it. */
export interface RecordContext {
  readonly before: Uint8Array | undefined;
  /** Of a state: the hash of its version's first record. */
  readonly firstRecord: Uint8Array | undefined;
}

/** The text of the record that a mutation made; undefined for one that makes none. */
export function recordTextOf(
  hash: Hash,
  mutation: Mutation | undefined,
  timeUnixMs: number,
  { before, firstRecord }: RecordContext,
): string | undefined {
  switch (mutation?.is) {
    case 'createBucket':
      return recordOfBucket(hash, mutation, timeUnixMs);
    case 'putObject':
      return recordOfObject(hash, mutation.object, timeUnixMs, before);
    case 'configureBucket':
      if (mutation.value === null) return undefined;
      return recordOfConfiguration(hash, mutation.value, timeUnixMs, before);
    case 'setObjectState':
      if (firstRecord === undefined || before === undefined) return undefined;
      return recordOfState(hash, firstRecord, mutation.state, timeUnixMs, before);
    default:
      return undefined;
  }
}
