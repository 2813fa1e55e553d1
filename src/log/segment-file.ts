import { errnoOf, LogStoreError } from '../base/errors.js';
import type { Disk, DiskFile, Host } from '../base/host.js';
import { logDirectory, segmentPath } from '../format/file-names.js';
import type { ManifestFile } from '../format/manifest-frame.js';
import {
  batchesStart,
  decodeSegmentHeader,
  encodeSegmentStart,
  formatVersion,
  type SegmentHeader,
  saltBytes,
  segmentHeaderBytes,
  segmentHeaderOffsets,
} from '../format/segment-header.js';
import type { ByteSource } from './window-reader.js';

/** Failures that leave everything before them as it was, and may pass. */
export const spaceErrors: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/**
 * Makes a segment file, its header and its name durable. Nothing names it yet: the manifest frame
 * that does must follow before anything in it counts.
 * @throws LogStoreError `NO_SPACE`
 */
export async function createSegment(
  host: Host,
  storeId: Uint8Array,
  fields: Pick<
    ManifestFile,
    'fileId' | 'first' | 'boundaryBytes' | 'batchFirst' | 'batchBeforeChecksum'
  > & { readonly generation?: number },
): Promise<{ file: DiskFile; named: ManifestFile }> {
  const named: ManifestFile = {
    ...{ generation: 0, ...fields, end: 0, salt: host.random.bytes(saltBytes) },
    ...{ position: undefined, footer: undefined, closed: undefined },
  };
  const { disk } = host;
  const path = segmentPath(named.fileId);
  // Left by a start that was cut short before the manifest named it; ids are given by the manifest.
  if ((await disk.sizeBytes(path)) !== undefined) await disk.unlink(path);
  const createdUnixMs = host.clock.nowUnixMs();
  const start = encodeSegmentStart({ ...named, formatVersion, storeId, createdUnixMs });
  let file: DiskFile | undefined;
  try {
    file = await disk.open(path, 'create');
    await file.write(0, [start]);
    await file.sync();
    await disk.syncDirectory(logDirectory);
    return { file, named };
  } catch (error) {
    await file?.close();
    if (!spaceErrors.has(errnoOf(error) ?? '')) throw error;
    // Also of a sync: nothing in this file counts yet, and the next try begins another.
    throw new LogStoreError('NO_SPACE', 'no room for a new segment', { cause: error });
  }
}

/** The copies of a segment's header that are whole, by place. */
export async function readSegmentHeaders(
  file: ByteSource,
): Promise<readonly (SegmentHeader | undefined)[]> {
  const found: (SegmentHeader | undefined)[] = [];
  for (const offset of segmentHeaderOffsets) {
    const bytes = new Uint8Array(segmentHeaderBytes);
    const read = await file.read(bytes, offset);
    found.push(decodeSegmentHeader(bytes.subarray(0, read)));
  }
  return found;
}

/**
 * Opens a named segment for reading and checks that it is the one.
 * @throws LogStoreError `STORE_DAMAGED` if it is missing or another's, `UNSUPPORTED_VERSION`
 */
export async function openSegment(
  disk: Disk,
  storeId: Uint8Array,
  named: ManifestFile,
): Promise<DiskFile> {
  const path = segmentPath(named.fileId);
  const sizeBytes = (await disk.sizeBytes(path)) ?? 0;
  // Its header was durable before the manifest named it: no crash makes it shorter than that.
  if (sizeBytes < batchesStart) {
    throw new LogStoreError(
      'STORE_DAMAGED',
      `${path} is ${sizeBytes === 0 ? 'missing or empty' : 'cut short'}, and the manifest says ` +
        `that it holds records from ${named.first} on: bring it back; the store is not changed`,
    );
  }
  const file = await disk.open(path, 'read');
  for (const header of await readSegmentHeaders(file)) {
    if (header === undefined) continue; // one copy, or the manifest alone, suffices
    const problem = headerProblem(header, storeId, named);
    if (problem === undefined) continue;
    await file.close();
    throw problem;
  }
  return file;
}

/** Why a whole header does not fit what the manifest says of the file. */
export function headerProblem(
  header: SegmentHeader,
  storeId: Uint8Array,
  named: ManifestFile,
): LogStoreError | undefined {
  const path = segmentPath(named.fileId);
  const same =
    equal(header.storeId, storeId) &&
    equal(header.salt, named.salt) &&
    header.fileId === named.fileId &&
    header.first === named.first &&
    header.generation === named.generation;
  if (same) return undefined;
  return new LogStoreError('STORE_DAMAGED', `${path} is not the file that the manifest names`);
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
