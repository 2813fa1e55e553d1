import { errnoOf } from '../base/errors.js';
import type { DiskFile } from '../base/host.js';
import { checksum } from '../format/checksum.js';
import {
  blocksPerSlice,
  decodeParityHead,
  decodeParityTables,
  equalBytes,
  type ParityHead,
  type ParityShape,
  type ParityTables,
  parityFileBytes,
  parityHeadBytes,
  parityStart,
  storedBytes,
} from '../format/parity.js';
import { range } from './code.js';

/**
 * The tables of a parity file, if it is the one expected.
 * @returns what is wrong with it otherwise; never throws for bad content, nor for bad sectors
 */
export async function readParityTables(
  file: DiskFile,
  expected: ParityHead,
): Promise<ParityTables | { readonly unusable: string }> {
  const front = new Uint8Array(parityStart(expected));
  try {
    if ((await file.read(front, 0)) !== front.length) return { unusable: 'cut short' };
    if ((await file.sizeBytes()) !== parityFileBytes(expected)) {
      return { unusable: 'not of the size that the manifest states' };
    }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return { unusable: `it cannot be read (${errnoOf(error)})` };
  }
  const head = decodeParityHead(front.subarray(0, parityHeadBytes));
  if (head === undefined) return { unusable: 'its head is damaged' };
  if (!isSameHead(head, expected)) return { unusable: 'of another segment, or another place' };
  return decodeParityTables(expected, front) ?? { unusable: 'its tables are damaged' };
}

/** Whether all blocks of a shard, which begins at `start` of the file, are as the tables say. */
export async function holdsShard(
  file: DiskFile,
  shape: ParityShape,
  tables: ParityTables,
  shard: number,
  start: number,
): Promise<boolean> {
  const blockCount = blocksPerSlice(shape);
  const blocksPerStep = 16;
  const bytes = new Uint8Array(blocksPerStep * shape.blockBytes);
  for (let first = 0; first < blockCount; first += blocksPerStep) {
    const blocks = range(first, Math.min(first + blocksPerStep, blockCount));
    const lengths = blocks.map((block) => storedBytes(shape, shard, block));
    const step = bytes.subarray(
      0,
      lengths.reduce((sum, length) => sum + length, 0),
    );
    const offset = start + first * shape.blockBytes;
    if ((await file.read(step, offset)) !== step.length) return false;
    for (const [index, block] of blocks.entries()) {
      const at = index * shape.blockBytes;
      const sum = checksum(step.subarray(at, at + (lengths[index] ?? 0)));
      if (sum !== tables.checksums[shard * blockCount + block]) return false;
    }
  }
  return true;
}

function isSameHead(found: ParityHead, expected: ParityHead): boolean {
  return (
    found.fileId === expected.fileId &&
    found.generation === expected.generation &&
    found.index === expected.index &&
    found.dataCount === expected.dataCount &&
    found.parityCount === expected.parityCount &&
    found.blockBytes === expected.blockBytes &&
    found.sliceBytes === expected.sliceBytes &&
    found.coveredBytes === expected.coveredBytes &&
    equalBytes(found.storeId, expected.storeId) &&
    equalBytes(found.salt, expected.salt) &&
    equalBytes(found.tablesHash, expected.tablesHash)
  );
}
