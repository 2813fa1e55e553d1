import { errnoOf } from '../base/errors.js';
import { type BlockAddress, DamageBeyondParity } from '../erasure/damage.js';
import { readRestored } from '../erasure/read-restored.js';
import type { OpenGroup } from './parity-access.js';
import type { ByteSource } from './window-reader.js';

/**
 * A segment as it must be, to be parsed like its file: each block of it is checked, and rebuilt
 * where it is damaged. What parity does not make good is given as it is on the disk, so that the
 * records there are found damaged by their own checksums.
 */
export class RestoredFile implements ByteSource {
  /** Blocks that were rebuilt: they want repair. */
  readonly rebuilt: BlockAddress[] = [];
  /** Whether a block was met that could not be. */
  metLoss = false;

  constructor(private readonly open: OpenGroup) {}

  async read(into: Uint8Array, offset: number): Promise<number> {
    const { blockBytes, sliceBytes, coveredBytes } = this.open.group.facts;
    let filled = 0;
    while (filled < into.length) {
      const at = offset + filled;
      const rest = into.subarray(filled);
      if (at >= coveredBytes) return filled + (await this.#raw(rest, at));
      const inBlock = (at % sliceBytes) % blockBytes;
      const shardEnd = Math.min(at - (at % sliceBytes) + sliceBytes, coveredBytes);
      const take = Math.min(rest.length, blockBytes - inBlock, shardEnd - at);
      await this.#fill(rest.subarray(0, take), at);
      filled += take;
    }
    return filled;
  }

  /** Bytes of one block. */
  async #fill(into: Uint8Array, offset: number): Promise<void> {
    const { group, codec, stripe } = this.open;
    try {
      const { bytes, damaged } = await readRestored(group, codec, stripe, offset, into.length);
      into.set(bytes);
      this.rebuilt.push(...damaged);
    } catch (error) {
      if (!(error instanceof DamageBeyondParity)) throw error;
      this.metLoss = true;
      into.fill(0);
      await this.#raw(into, offset);
    }
  }

  /** A sector that cannot be read holds nothing. */
  async #raw(into: Uint8Array, offset: number): Promise<number> {
    try {
      return await this.open.group.segment.read(into, offset);
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      into.fill(0);
      return into.length;
    }
  }
}
