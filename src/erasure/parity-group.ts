import { errnoOf } from '../base/errors.js';
import type { Disk, DiskFile } from '../base/host.js';
import { checksum } from '../format/checksum.js';
import { parityPath } from '../format/file-names.js';
import {
  blocksPerSlice,
  extent,
  type ParityFacts,
  type ParityTables,
  parityStart,
  storedBytes,
} from '../format/parity.js';
import { range } from './code.js';
import type { SegmentIdentity } from './encode-parity.js';
import { readParityTables } from './parity-file.js';

/** What is read of a segment's file. */
export type ReadableFile = Pick<DiskFile, 'read' | 'sizeBytes'>;

/** A segment with its parity files, open for reading. Owns the parity files alone. */
export class ParityGroup implements AsyncDisposable {
  private constructor(
    readonly identity: SegmentIdentity,
    readonly facts: ParityFacts,
    readonly tables: ParityTables,
    /** Which parity files need writing anew whatever their parity is, and why. */
    readonly unusableFronts: ReadonlyMap<number, string>,
    readonly segment: ReadableFile,
    private readonly parity: readonly (DiskFile | undefined)[],
  ) {}

  /**
   * @param segment open for reading; the caller closes it, after the group
   * @param facts as the manifest states them
   * @returns why the group cannot serve, if no parity file has whole tables; then a segment whose
   *   records verify gets new parity by `encodeParity`
   */
  static async open(
    disk: Disk,
    segment: ReadableFile,
    identity: SegmentIdentity,
    facts: ParityFacts,
  ): Promise<ParityGroup | { readonly unusable: string }> {
    const files: (DiskFile | undefined)[] = [];
    const unusable = new Map<number, string>();
    let tables: ParityTables | undefined;
    try {
      for (const index of range(0, facts.parityCount)) {
        const file = await openOrNothing(disk, parityPath(facts.fileId, index));
        files.push(file instanceof Error ? undefined : file);
        const found =
          file instanceof Error
            ? { unusable: `it cannot be opened (${errnoOf(file)})` }
            : await readParityTables(file, { ...identity, ...facts, index });
        if ('unusable' in found) unusable.set(index, found.unusable);
        else tables ??= found;
      }
    } finally {
      if (tables === undefined) await closeAll(files);
    }
    if (tables !== undefined)
      return new ParityGroup(identity, facts, tables, unusable, segment, files);
    const reasons = [...unusable].map(
      ([index, reason]) => `${parityPath(facts.fileId, index)}: ${reason}`,
    );
    return { unusable: reasons.join('; ') };
  }

  get shardCount(): number {
    return this.facts.dataCount + this.facts.parityCount;
  }

  /**
   * Reads a block and fills `into`, one block long, with zeros behind what is stored of it.
   * @returns whether it is there and fits its checksum; a sector that fails to read is damage
   */
  async read(shard: number, block: number, into: Uint8Array): Promise<boolean> {
    const { facts, parity } = this;
    const isData = shard < facts.dataCount;
    const file: Pick<DiskFile, 'read'> | undefined = isData
      ? this.segment
      : parity[shard - facts.dataCount];
    const start = isData ? extent(facts, shard).offset : parityStart(facts);
    const stored = storedBytes(facts, shard, block);
    into.fill(0, stored);
    if (stored === 0) return true;
    if (file === undefined) return false;
    const bytes = into.subarray(0, stored);
    try {
      const countBytes = await file.read(bytes, start + block * facts.blockBytes);
      return countBytes === stored && this.fits(shard, block, into);
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return false;
    }
  }

  /** Whether a block's bytes are those that its checksum was made of. */
  fits(shard: number, block: number, bytes: Uint8Array): boolean {
    const expected = this.tables.checksums[shard * blocksPerSlice(this.facts) + block];
    return checksum(bytes.subarray(0, storedBytes(this.facts, shard, block))) === expected;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await closeAll(this.parity);
  }
}

async function openOrNothing(disk: Disk, path: string): Promise<DiskFile | Error> {
  try {
    return await disk.open(path, 'read');
  } catch (error) {
    if (errnoOf(error) === undefined || !(error instanceof Error)) throw error;
    return error;
  }
}

async function closeAll(files: readonly (DiskFile | undefined)[]): Promise<void> {
  for (const file of files) await file?.close();
}
