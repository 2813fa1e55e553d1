import { LogStoreError } from '../base/errors.js';

/** One block of one shard of a parity group: data shards first, then parity. */
export interface BlockAddress {
  readonly shard: number;
  readonly block: number;
}

/** More blocks side by side are damaged than parity makes good. */
export class DamageBeyondParity extends LogStoreError {
  /** @param badBlocks what is damaged in the same place of the slices */
  constructor(
    path: string,
    readonly badBlocks: readonly BlockAddress[],
  ) {
    const names = badBlocks.map(({ shard, block }) => `${shard}.${block}`).join(', ');
    super('RECORD_CORRUPT', `${path}: blocks ${names} are damaged, more than parity makes good`);
  }
}
