import { LogStoreError } from '../base/errors.js';
import type { Disk, DiskFile } from '../base/host.js';
import { invariant } from '../base/invariant.js';
import { parityPath, segmentPath } from '../format/file-names.js';
import {
  encodeParityFront,
  extent,
  type ParityFacts,
  type ParityShape,
  type ParityTables,
  parityShape,
  parityStart,
} from '../format/parity.js';
import { range } from './code.js';
import type { GroupCoder } from './group-coder.js';
import { holdsShard, readParityTables } from './parity-file.js';
import { PendingFiles } from './pending-files.js';
import type { Stripe } from './stripe.js';

/** Of which file of which store. */
export interface SegmentIdentity {
  readonly storeId: Uint8Array;
  readonly fileId: number;
  readonly generation: number;
  readonly salt: Uint8Array;
}

/**
 * Writes the parity files of a segment whose range has ended (SPEC.md §13.2), with memory
 * for two stripes. They count once the manifest states what this returns.
 * @param segment open for reading; the caller closes it
 * @param coveredBytes up to where the segment counts: the offset of its position
 * @param verified what `BlockChecksums` gave when the segment's records were verified
 * @throws LogStoreError `RECORD_CORRUPT` if a block is no longer what was verified, `IO` if a file
 *   is not read back as it was written; nothing is left behind then
 */
export async function encodeParity(
  disk: Disk,
  segment: Pick<DiskFile, 'read'>,
  identity: SegmentIdentity,
  coveredBytes: number,
  verified: Uint32Array,
  coder: GroupCoder,
): Promise<ParityFacts> {
  const shape = parityShape(coveredBytes);
  await using pending = new PendingFiles(disk);
  const files: DiskFile[] = [];
  for (const index of range(0, shape.parityCount))
    files.push(await pending.create(parityPath(identity.fileId, index)));
  const tables = await encodeSlices(segment, identity.fileId, shape, coder, files);
  checkVerified(identity.fileId, shape, tables, verified);
  const tablesHash = await writeFronts(files, identity, shape, tables);
  await pending.commit();
  return { ...shape, fileId: identity.fileId, tablesHash };
}

/** Writes what stands in front of the parity, syncs each file, and reads it back. */
export async function writeFronts(
  files: readonly DiskFile[],
  identity: SegmentIdentity,
  shape: ParityShape,
  tables: ParityTables,
  indexes = range(0, files.length),
): Promise<Uint8Array> {
  let hash: Uint8Array | undefined;
  for (const [position, file] of files.entries()) {
    const head = { ...shape, ...identity, index: indexes[position] ?? position };
    const { front, tablesHash } = encodeParityFront(head, tables);
    hash = tablesHash;
    await file.write(0, [front]);
    await file.sync();
    const expected = { ...head, tablesHash };
    const found = await readParityTables(file, expected);
    const shard = shape.dataCount + head.index;
    const start = parityStart(shape);
    if ('unusable' in found || !(await holdsShard(file, shape, tables, shard, start))) {
      const path = parityPath(identity.fileId, head.index);
      throw new LogStoreError('IO', `${path} is not read back as it was written`);
    }
  }
  invariant(hash !== undefined, 'a group has parity');
  return hash;
}

/** Reads one stripe while another is coded, and writes what was coded before. */
async function encodeSlices(
  segment: Pick<DiskFile, 'read'>,
  fileId: number,
  shape: ParityShape,
  coder: GroupCoder,
  files: readonly DiskFile[],
): Promise<ParityTables> {
  coder.begin(shape);
  let coding: Promise<void> = Promise.resolve();
  let writeCoded = () => Promise.resolve();
  try {
    for (let start = 0, turn = 0; start < shape.sliceBytes; turn++) {
      const index = turn % coder.stripes.length;
      const stripe = coder.stripes[index];
      invariant(stripe !== undefined && isOfCode(stripe, shape), 'the coder codes such groups');
      const lengthBytes = Math.min(stripe.rowBytes, shape.sliceBytes - start);
      await Promise.all([readSlices(segment, fileId, shape, stripe, start, lengthBytes), coding]);
      coding = coder.encode(index, start, lengthBytes);
      await writeCoded();
      const parity = stripe.rows.slice(shape.dataCount);
      const offset = parityStart(shape) + start;
      writeCoded = () => writeRows(files, offset, parity, lengthBytes);
      start += lengthBytes;
    }
    await coding;
    await writeCoded();
    return await coder.finish();
  } finally {
    await Promise.allSettled([coding]); // nothing runs on after the caller has heard of a failure
  }
}

function isOfCode({ code, rowBytes }: Stripe, shape: ParityShape): boolean {
  return (
    code.dataCount === shape.dataCount &&
    code.parityCount === shape.parityCount &&
    rowBytes % shape.blockBytes === 0
  );
}

async function readSlices(
  segment: Pick<DiskFile, 'read'>,
  fileId: number,
  shape: ParityShape,
  stripe: Stripe,
  start: number,
  lengthBytes: number,
): Promise<void> {
  const reads = stripe.rows.slice(0, shape.dataCount).map(async (row, shard) => {
    const slice = extent(shape, shard);
    const storedBytes = Math.min(Math.max(slice.lengthBytes - start, 0), lengthBytes);
    row.fill(0, storedBytes, lengthBytes);
    if (storedBytes === 0) return;
    const countBytes = await segment.read(row.subarray(0, storedBytes), slice.offset + start);
    if (countBytes < storedBytes)
      throw new LogStoreError('RECORD_CORRUPT', `${segmentPath(fileId)} is cut short`);
  });
  await Promise.all(reads);
}

async function writeRows(
  files: readonly DiskFile[],
  offset: number,
  rows: readonly Uint8Array[],
  lengthBytes: number,
): Promise<void> {
  for (const [index, file] of files.entries()) {
    const row = rows[index];
    invariant(row !== undefined, 'a row of parity for each file');
    await file.write(offset, [row.subarray(0, lengthBytes)]);
  }
}

/** What was read for parity must be what was verified: otherwise rot would be kept for good. */
function checkVerified(
  fileId: number,
  shape: ParityShape,
  tables: ParityTables,
  verified: Uint32Array,
): void {
  const block = verified.findIndex((checksum, index) => checksum !== tables.checksums[index]);
  if (block === -1) return;
  const offset = block * shape.blockBytes;
  throw new LogStoreError(
    'RECORD_CORRUPT',
    `${segmentPath(fileId)} changed between its check and its encoding, at ${offset}`,
  );
}
