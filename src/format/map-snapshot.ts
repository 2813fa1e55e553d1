import { getU64, setU32, setU64 } from './byte-order.js';
import { closeForm, isForm } from './checked-form.js';
import { checksum } from './checksum.js';

/** SPEC.md §14.15: a map as a block states it; a cache. */
export interface MapSnapshotHeader {
  readonly height: number;
  /** Keys in the map. */
  readonly count: number;
  readonly root: Uint8Array;
  /** Leaf hash of the block at that height, which names its log and all before it. */
  readonly blockLeaf: Uint8Array;
}

/** A leaf of the map; `between` is the hash of the node that parts it from the next. */
export interface MapSnapshotEntry {
  readonly key: Uint8Array;
  readonly recordHash: Uint8Array;
  /** Of a version whose state was set: the hash of its first record, and by which change. */
  readonly restated: { readonly firstRecord: Uint8Array; readonly change: number } | undefined;
  /** None of the last leaf, where the file has zeros. */
  readonly between: Uint8Array | undefined;
}

export const mapSnapshotHeaderBytes = 104;
/** A frame's own head: bytes of entries, and their checksum. */
export const mapFrameHeadBytes = 8;
/** Some thousand entries: what is done between two turns. */
export const mapFrameBytesMax = 256 * 1024;

const form = { magic: 'LOGSTMAP', version: 1, sizeBytes: mapSnapshotHeaderBytes } as const;
const at = { height: 16, count: 24, root: 32, blockLeaf: 64 } as const;
const hashBytes = 32;
const noNode = new Uint8Array(hashBytes);

export function encodeMapSnapshotHeader(header: MapSnapshotHeader): Uint8Array {
  const bytes = new Uint8Array(mapSnapshotHeaderBytes);
  setU64(bytes, at.height, header.height);
  setU64(bytes, at.count, header.count);
  bytes.set(header.root, at.root);
  bytes.set(header.blockLeaf, at.blockLeaf);
  closeForm(form, bytes);
  return bytes;
}

/** Undefined for what is no header of this version, whole. */
export function decodeMapSnapshotHeader(bytes: Uint8Array): MapSnapshotHeader | undefined {
  if (!isForm(form, bytes)) return undefined;
  return {
    height: getU64(bytes, at.height),
    count: getU64(bytes, at.count),
    root: bytes.slice(at.root, at.root + hashBytes),
    blockLeaf: bytes.slice(at.blockLeaf, at.blockLeaf + hashBytes),
  };
}

const restatedBytes = 8 + hashBytes;
/** In the length of a key: what was restated stands behind the node's hash. */
const restatedFlag = 0x80;

/** A frame in the making; it takes entries until it is full. */
export class MapFrame {
  readonly #bytes = new Uint8Array(mapFrameHeadBytes + mapFrameBytesMax);
  #used = mapFrameHeadBytes;

  /** Whether it had room. */
  add({ key, recordHash, restated, between }: MapSnapshotEntry): boolean {
    const bytes = this.#bytes;
    const keyEnd = this.#used + 2 + key.length;
    const fixedEnd = keyEnd + 2 * hashBytes;
    const end = fixedEnd + (restated === undefined ? 0 : restatedBytes);
    if (end > bytes.length) return false;
    bytes[this.#used] = key.length;
    bytes[this.#used + 1] = (key.length >> 8) | (restated === undefined ? 0 : restatedFlag);
    bytes.set(key, this.#used + 2);
    bytes.set(recordHash, keyEnd);
    bytes.set(between ?? noNode, keyEnd + hashBytes);
    if (restated !== undefined) {
      setU64(bytes, fixedEnd, restated.change);
      bytes.set(restated.firstRecord, fixedEnd + 8);
    }
    this.#used = end;
    return true;
  }

  /** Its bytes, valid until the next entry; the frame is empty then. */
  take(): Uint8Array {
    const bytes = this.#bytes.subarray(0, this.#used);
    setU32(bytes, 0, this.#used - mapFrameHeadBytes);
    setU32(bytes, 4, checksum(bytes.subarray(mapFrameHeadBytes)));
    this.#used = mapFrameHeadBytes;
    return bytes;
  }
}

/** The entries of a frame, as views; undefined for one that is not whole. */
export function decodeMapFrame(entries: Uint8Array, sum: number): MapSnapshotEntry[] | undefined {
  if (checksum(entries) !== sum) return undefined;
  const decoded: MapSnapshotEntry[] = [];
  for (let start = 0; start < entries.length; ) {
    const high = entries[start + 1] ?? 0;
    const isRestated = (high & restatedFlag) !== 0;
    const keyEnd = start + 2 + (entries[start] ?? 0) + 256 * (high & ~restatedFlag);
    const fixedEnd = keyEnd + 2 * hashBytes;
    const end = fixedEnd + (isRestated ? restatedBytes : 0);
    if (end > entries.length) return undefined;
    decoded.push({
      key: entries.subarray(start + 2, keyEnd),
      recordHash: entries.subarray(keyEnd, keyEnd + hashBytes),
      between: entries.subarray(keyEnd + hashBytes, fixedEnd),
      restated: isRestated
        ? { change: getU64(entries, fixedEnd), firstRecord: entries.subarray(fixedEnd + 8, end) }
        : undefined,
    });
    start = end;
  }
  return decoded;
}
