import { isLogStoreError } from '../base/errors.js';
import { invariant } from '../base/invariant.js';
import { getU32, getU64, setU32, setU64 } from './byte-order.js';
import { checksum } from './checksum.js';

/** SPEC.md "Index snapshot": the layout of the file. Sections and reading are in src/index/. */

/** Versions 1 to 3 are no damage, but their rows of objects say nothing of checksums. */
export const snapshotVersion = 4;
/** Of a section, covered by one checksum; the last block of a section may be shorter. */
export const snapshotBlockBytes = 1024 ** 2;

/** One row of an index, by slot. All zero when the slot is free. */
export const entryRow = Object.freeze({
  sequence: 0, // f64
  sizeBytes: 8, // f64
  timeMs: 16, // f64
  expiresMs: 24, // f64, 0 = never
  etag: 32, // 16 bytes
  sha256: 48, // 32 bytes, all zero = none
  mutation: 80, // u16
  flags: 82, // u16
  partCount: 84, // u16
  checksumKind: 86, // u16, 0 = none
  sizeOf: 88,
});

/** Where in the log the snapshot stands: it holds all below, and nothing from there on. */
export interface SnapshotPosition {
  storeId: Uint8Array; // 16 bytes
  sequenceNext: number;
  versionNext: number;
  fileId: number;
  batchNumber: number; // the last batch whose records it holds
  batchChecksum: number; // u32, of that batch's header
}

/** All that is not in the arrays of one index; names are those of the header's fields. */
export interface IndexShape {
  count: number; // keys present
  keyBytes: number; // their lengths together
  root: number; // a node's number, or ~slot of a leaf; 0 when empty
  slotLimit: number; // slots ever used
  slotFree: number; // 1 + the first free slot, or 0
  nodeLimit: number; // nodes ever used
  nodeFree: number; // 1 + the first free node, or 0
  arenaLimit: number; // 8-byte granules of keys ever used
  contentCount: number; // distinct contents
  bucketCount: number; // buckets of the content table
}

export interface SnapshotHeader {
  position: SnapshotPosition;
  indexes: readonly { name: string; shape: IndexShape }[];
  extraBytes: number; // of the caller's own section
}

export type DecodedHeader =
  | {
      is: 'header';
      header: SnapshotHeader;
      version: number;
      headerBytes: number;
      headerChecksum: number;
    }
  | { is: 'invalid'; reason: string };

/** 89 "LSIX" CR LF 1A: a transfer as text breaks it. */
const magic = Uint8Array.of(0x89, 0x4c, 0x53, 0x49, 0x58, 0x0d, 0x0a, 0x1a);
const at = {
  magic: 0,
  version: 8, // u32
  headerBytes: 12, // u32, with its checksum
  fileBytes: 16, // u64
  byteOrder: 24, // u32, in the order of the machine that wrote the arrays
  indexCount: 28, // u32
  storeId: 32,
  sequenceNext: 48, // u64, as are all below but the checksum
  versionNext: 56,
  fileId: 64,
  batchNumber: 72,
  extraBytes: 80,
  batchChecksum: 88, // u32, and 4 bytes of zero behind
  indexes: 96,
} as const;
const nameBytesMax = 24; // padded with zeros
const shapeFields = [
  'count',
  'keyBytes',
  'root',
  'slotLimit',
  'slotFree',
  'nodeLimit',
  'nodeFree',
  'arenaLimit',
  'contentCount',
  'bucketCount',
] as const satisfies readonly (keyof IndexShape)[];
const indexBytes = nameBytesMax + 8 * shapeFields.length;
const indexCountMax = 16;
const rootBias = 2 ** 31; // the one field that can be negative is stored with this added
const byteOrderMark = 0x01020304;
const freeKeysBytes = 8 * 1025;

export const snapshotHeaderBytesMax = headerBytesOf(indexCountMax);

function headerBytesOf(indexCount: number): number {
  return at.indexes + indexCount * indexBytes + 4;
}

/** The lengths of all sections in the order of the file: seven of each index, then `extra`. */
export function sectionBytesOf(header: SnapshotHeader): number[] {
  return [...header.indexes.flatMap(({ shape }) => indexSectionBytes(shape)), header.extraBytes];
}

function indexSectionBytes(shape: IndexShape): number[] {
  return [
    12 * shape.nodeLimit, // nodes
    4 * shape.slotLimit, // slots
    8 * shape.arenaLimit, // keys
    freeKeysBytes, // free-keys
    entryRow.sizeOf * shape.slotLimit, // entries
    8 * shape.slotLimit, // links
    4 * shape.bucketCount, // buckets
  ];
}

export function blockCountOf(sectionBytes: number): number {
  return Math.ceil(sectionBytes / snapshotBlockBytes);
}

/** Where the sections end and the table of checksums begins. */
export function tableOffsetOf(header: SnapshotHeader): number {
  const sections = sectionBytesOf(header).reduce((sum, bytes) => sum + bytes, 0);
  return headerBytesOf(header.indexes.length) + sections;
}

/** The header's checksum, one of each block, one of all these. */
export function tableBytesOf(header: SnapshotHeader): number {
  const blocks = sectionBytesOf(header).reduce((sum, bytes) => sum + blockCountOf(bytes), 0);
  return 4 + 4 * blocks + 4;
}

export function encodeHeader(header: SnapshotHeader): Uint8Array {
  const { position, indexes } = header;
  invariant(indexes.length <= indexCountMax, 'a snapshot holds few indexes');
  invariant(position.storeId.length === 16, 'a store id is 16 bytes');
  const bytes = new Uint8Array(headerBytesOf(indexes.length));
  bytes.set(magic, at.magic);
  setU32(bytes, at.version, snapshotVersion);
  setU32(bytes, at.headerBytes, bytes.length);
  setU64(bytes, at.fileBytes, tableOffsetOf(header) + tableBytesOf(header));
  bytes.set(ownByteOrder(), at.byteOrder);
  setU32(bytes, at.indexCount, indexes.length);
  bytes.set(position.storeId, at.storeId);
  setU64(bytes, at.sequenceNext, position.sequenceNext);
  setU64(bytes, at.versionNext, position.versionNext);
  setU64(bytes, at.fileId, position.fileId);
  setU64(bytes, at.batchNumber, position.batchNumber);
  setU64(bytes, at.extraBytes, header.extraBytes);
  setU32(bytes, at.batchChecksum, position.batchChecksum);
  for (const [number, { name, shape }] of indexes.entries()) {
    const from = at.indexes + number * indexBytes;
    invariant(/^[a-z][a-z0-9-]*$/.test(name) && name.length <= nameBytesMax, 'a plain name');
    for (let i = 0; i < name.length; i++) bytes[from + i] = name.charCodeAt(i);
    for (const [field, fieldName] of shapeFields.entries()) {
      const bias = fieldName === 'root' ? rootBias : 0;
      setU64(bytes, from + nameBytesMax + field * 8, shape[fieldName] + bias);
    }
  }
  setU32(bytes, bytes.length - 4, checksum(bytes.subarray(0, -4)));
  return bytes;
}

/**
 * @param bytes the beginning of the file, at least the header if the file is that long
 * @param fileBytes the size of the file: nothing that a valid header asks for exceeds it
 */
export function decodeHeader(bytes: Uint8Array, fileBytes: number): DecodedHeader {
  if (bytes.length < headerBytesOf(0)) return invalid('shorter than a header');
  for (const [i, byte] of magic.entries()) if (bytes[i] !== byte) return invalid('not a snapshot');
  const version = getU32(bytes, at.version);
  if (version < 1 || version > snapshotVersion) return invalid(`unknown version ${version}`);
  const headerBytes = getU32(bytes, at.headerBytes);
  const indexCount = getU32(bytes, at.indexCount);
  if (indexCount > indexCountMax || headerBytes !== headerBytesOf(indexCount))
    return invalid('the length of the header is damaged');
  if (bytes.length < headerBytes) return invalid('shorter than its header');
  const headerChecksum = checksum(bytes.subarray(0, headerBytes - 4));
  if (getU32(bytes, headerBytes - 4) !== headerChecksum) return invalid('the header is damaged');
  if (ownByteOrder().some((byte, i) => byte !== bytes[at.byteOrder + i]))
    return invalid('written on a machine of another byte order');
  try {
    const header = decodeFields(bytes, indexCount);
    const wantedBytes = tableOffsetOf(header) + tableBytesOf(header);
    if (getU64(bytes, at.fileBytes) !== wantedBytes || wantedBytes !== fileBytes)
      return invalid(`the file is ${fileBytes} bytes long, not ${wantedBytes}`);
    return { is: 'header', header, version, headerBytes, headerChecksum };
  } catch (error) {
    if (isLogStoreError(error, 'RECORD_CORRUPT')) return invalid(error.message);
    throw error;
  }
}

export function encodeTable(headerChecksum: number, blockChecksums: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * blockChecksums.length + 4);
  setU32(bytes, 0, headerChecksum);
  for (const [block, value] of blockChecksums.entries()) setU32(bytes, 4 + 4 * block, value);
  setU32(bytes, bytes.length - 4, checksum(bytes.subarray(0, -4)));
  return bytes;
}

/** The checksums of all blocks in order; undefined if the table is damaged or another header's. */
export function decodeTable(bytes: Uint8Array, headerChecksum: number): number[] | undefined {
  if (getU32(bytes, bytes.length - 4) !== checksum(bytes.subarray(0, -4))) return undefined;
  if (getU32(bytes, 0) !== headerChecksum) return undefined;
  const checksums: number[] = [];
  for (let from = 4; from < bytes.length - 4; from += 4) checksums.push(getU32(bytes, from));
  return checksums;
}

function invalid(reason: string): DecodedHeader {
  return { is: 'invalid', reason };
}

function ownByteOrder(): Uint8Array {
  return new Uint8Array(Uint32Array.of(byteOrderMark).buffer);
}

function decodeFields(bytes: Uint8Array, indexCount: number): SnapshotHeader {
  const position = {
    storeId: Uint8Array.from(bytes.subarray(at.storeId, at.storeId + 16)),
    sequenceNext: getU64(bytes, at.sequenceNext),
    versionNext: getU64(bytes, at.versionNext),
    fileId: getU64(bytes, at.fileId),
    batchNumber: getU64(bytes, at.batchNumber),
    batchChecksum: getU32(bytes, at.batchChecksum),
  };
  const indexes = Array.from({ length: indexCount }, (_, number) => {
    const from = at.indexes + number * indexBytes;
    const end = bytes.subarray(from, from + nameBytesMax).indexOf(0);
    const nameBytes = bytes.subarray(from, from + (end < 0 ? nameBytesMax : end));
    return { name: String.fromCharCode(...nameBytes), shape: decodeShape(bytes, from) };
  });
  return { position, indexes, extraBytes: getU64(bytes, at.extraBytes) };
}

function decodeShape(bytes: Uint8Array, from: number): IndexShape {
  const field = (name: keyof IndexShape) =>
    getU64(bytes, from + nameBytesMax + 8 * shapeFields.indexOf(name));
  return {
    count: field('count'),
    keyBytes: field('keyBytes'),
    root: field('root') - rootBias,
    slotLimit: field('slotLimit'),
    slotFree: field('slotFree'),
    nodeLimit: field('nodeLimit'),
    nodeFree: field('nodeFree'),
    arenaLimit: field('arenaLimit'),
    contentCount: field('contentCount'),
    bucketCount: field('bucketCount'),
  };
}
