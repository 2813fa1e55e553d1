import { LogStoreError } from '../base/errors.js';
import type { Disk } from '../base/host.js';
import { invariant } from '../base/invariant.js';
import { BlockChecksums } from '../erasure/block-checksums.js';
import { encodeParity } from '../erasure/encode-parity.js';
import type { GroupCoder } from '../erasure/group-coder.js';
import type { ReadableFile } from '../erasure/parity-group.js';
import { segmentPath } from '../format/file-names.js';
import type { ManifestFile } from '../format/manifest-frame.js';
import { type ParityFacts, parityShape } from '../format/parity.js';
import { type Pace, paced } from './pace.js';
import { headerProblem, readSegmentHeaders } from './segment-file.js';
import { knownKind } from './segment-replay.js';
import { SegmentScan } from './segment-scan.js';
import { SequentialFile } from './sequential-file.js';

/**
 * Makes the parity of a segment whose range has ended: verifies all that it holds, and encodes what
 * was verified, so that rot never enters parity (SPEC.md §13.2).
 * @returns what the manifest is to state of it; until it does, the new files are orphans
 * @throws LogStoreError `RECORD_CORRUPT` if anything in the segment is damaged; nothing stays then
 */
export async function encodeSegment(
  disk: Disk,
  storeId: Uint8Array,
  named: ManifestFile,
  coder: GroupCoder,
  pace: Pace,
): Promise<ParityFacts> {
  const { fileId, generation, salt, position } = named;
  invariant(position !== undefined, 'a range that is open has no parity');
  const file = await disk.open(segmentPath(fileId), 'read');
  try {
    const verified = await verifySegment(file, storeId, named, position.offset, pace);
    const identity = { storeId, fileId, generation, salt };
    const source = paced(file, pace);
    return await encodeParity(disk, source, identity, position.offset, verified, coder);
  } finally {
    await file.close();
  }
}

/** The checksums of the segment's blocks, of bytes of which every record was verified. */
async function verifySegment(
  source: ReadableFile,
  storeId: Uint8Array,
  named: ManifestFile,
  coveredBytes: number,
  pace: Pace,
): Promise<Uint32Array> {
  const refuse = (what: string, offset: number) => {
    const message = `${segmentPath(named.fileId)} gets no parity: ${what} at byte ${offset}`;
    return new LogStoreError('RECORD_CORRUPT', message);
  };
  const sums = new BlockChecksums(parityShape(coveredBytes));
  const file = new SequentialFile(source, sums);
  for (const header of await readSegmentHeaders(file)) {
    if (header === undefined) throw refuse('a damaged copy of the header', 0);
    const problem = headerProblem(header, storeId, named);
    if (problem !== undefined) throw problem;
  }
  let [reached, paid] = [0, 0];
  const scan = new SegmentScan(file, named);
  await scan.proven(named.end, coveredBytes, {
    record: ({ header, offset }) => {
      knownKind(header);
      reached = offset;
    },
    between: () => {
      const bytes = reached - paid;
      paid = reached;
      return pace(bytes); // a megabyte at a time, so that requests have their turn
    },
    damage: ({ what, offset }) => {
      throw refuse(`damage (${what})`, offset);
    },
  });
  await file.passTo(coveredBytes);
  scan.release();
  const verified = sums.finish();
  if (verified === undefined) throw refuse('the end of the file', await source.sizeBytes());
  return verified;
}
