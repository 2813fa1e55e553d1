import { createHash } from 'node:crypto';
import { Packr } from 'msgpackr';
import { LogStoreError } from '../base/errors.js';
import { invariant } from '../base/invariant.js';
import { getU32, getU64, setU32, setU64 } from './byte-order.js';
import { binary, type Fields, kept, list, number, numbers } from './fields.js';
import { decodeMsgpack } from './msgpack.js';
import { type ParityFacts, parityShape } from './parity.js';
import { boundaryBytesOf } from './segment-header.js';

/** A place at the end of a batch (SPEC.md §5). */
export interface Position {
  readonly offset: number;
  readonly batchNumber: number;
  readonly batchChecksum: number;
  readonly versionNext: number;
}

/** One file of the log as the manifest knows it. */
export interface ManifestFile {
  readonly fileId: number;
  readonly generation: number;
  readonly first: number;
  /** 0 while the range is open. */
  readonly end: number;
  readonly salt: Uint8Array;
  readonly boundaryBytes: number;
  readonly batchFirst: number;
  readonly batchBeforeChecksum: number;
  /** Where the range ends in the file; none while it is open. */
  readonly position: Position | undefined;
  readonly footer: { readonly bytes: number; readonly checksum: number } | undefined;
  readonly closed: { readonly end: number; readonly position: Position } | undefined;
}

export interface ManifestState {
  readonly formatVersion: number;
  readonly storeId: Uint8Array;
  readonly epoch: number;
  readonly createdUnixMs: number;
  readonly fileIdNext: number;
  readonly files: readonly ManifestFile[];
  readonly lossesAccepted: readonly number[];
  /** At most one for a file, in the order of the file ids. */
  readonly parityGroups: readonly ParityFacts[];
  /** The highest number of a removal that compaction dropped or reduced; 0 if none was. */
  readonly removalDroppedMax: number;
}

export type ManifestEdit =
  | { readonly is: 'state'; readonly state: ManifestState }
  | { readonly is: 'add'; readonly file: ManifestFile }
  | { readonly is: 'end'; readonly fileId: number; readonly end: number; position: Position }
  | {
      readonly is: 'footer';
      readonly fileId: number;
      readonly bytes: number;
      readonly checksum: number;
    }
  | { readonly is: 'closed'; readonly fileId: number; readonly end: number; position: Position }
  | { readonly is: 'reopened'; readonly fileId: number }
  | { readonly is: 'lossAccepted'; readonly sequence: number }
  | { readonly is: 'remove'; readonly fileId: number }
  | { readonly is: 'parity'; readonly group: ParityFacts }
  | {
      readonly is: 'swap';
      /** Files with adjoining ranges, in order. */
      readonly fileIds: readonly number[];
      readonly file: ManifestFile;
      readonly removalDroppedMax: number;
    };

/** SPEC.md §5. */
export interface ManifestFrame {
  readonly number: number;
  readonly hashBefore: Uint8Array;
  readonly timeUnixMs: number;
  readonly edits: readonly ManifestEdit[];
}

const magic = 0x464d534c;
const headBytes = 48;
const hashBytes = 32;
const payloadBytesMax = 16 * 1024 ** 2;
const at = { magic: 0, payloadBytes: 4, number: 8, hashBefore: 16 } as const;
const kindLog = 1;
const u32Max = 2 ** 32 - 1;
const packr = new Packr({ useRecords: false });

export function encodeManifestFrame(frame: ManifestFrame): { bytes: Uint8Array; hash: Uint8Array } {
  const payload = packr.pack([frame.timeUnixMs, frame.edits.map(editFields)]);
  invariant(payload.length <= payloadBytesMax, 'a frame fits its bound');
  const bytes = new Uint8Array(headBytes + payload.length + hashBytes);
  setU32(bytes, at.magic, magic);
  setU32(bytes, at.payloadBytes, payload.length);
  setU64(bytes, at.number, frame.number);
  bytes.set(frame.hashBefore, at.hashBefore);
  bytes.set(payload, headBytes);
  const hash = sha256(bytes.subarray(0, headBytes + payload.length));
  bytes.set(hash, headBytes + payload.length);
  return { bytes, hash };
}

/**
 * The frame at `start`, or undefined where no whole one stands.
 * @throws LogStoreError `UNSUPPORTED_VERSION` for a whole frame that says what this code cannot
 *   know, `RECORD_CORRUPT` for one that makes no sense
 */
export function decodeManifestFrame(
  bytes: Uint8Array,
  start: number,
): { frame: ManifestFrame; hash: Uint8Array; sizeBytes: number } | undefined {
  if (start + headBytes > bytes.length || getU32(bytes, start + at.magic) !== magic) {
    return undefined;
  }
  const payloadBytes = getU32(bytes, start + at.payloadBytes);
  const sizeBytes = headBytes + payloadBytes + hashBytes;
  if (payloadBytes > payloadBytesMax || start + sizeBytes > bytes.length) return undefined;
  const payloadEnd = start + headBytes + payloadBytes;
  const hash = sha256(bytes.subarray(start, payloadEnd));
  const stored = bytes.subarray(payloadEnd, payloadEnd + hashBytes);
  if (hash.some((byte, index) => byte !== stored[index])) return undefined;
  const fields = list(decodeMsgpack(bytes.slice(start + headBytes, payloadEnd)));
  const frame: ManifestFrame = {
    number: getU64(bytes, start + at.number),
    hashBefore: bytes.slice(start + at.hashBefore, start + headBytes),
    timeUnixMs: number(fields[0]),
    edits: list(fields[1]).map((edit) => editOf(list(edit))),
  };
  return { frame, hash, sizeBytes };
}

function editFields(edit: ManifestEdit): readonly unknown[] {
  switch (edit.is) {
    case 'state': {
      const s = edit.state;
      const files = s.files.map(fileFields);
      const groups = s.parityGroups.map(groupFields);
      return [
        ...[1, s.formatVersion, s.storeId, s.epoch, s.createdUnixMs, s.fileIdNext],
        ...[0, s.removalDroppedMax, files, groups, [], s.lossesAccepted],
      ];
    }
    case 'add':
      return [2, fileFields(edit.file)];
    case 'end':
      return [3, edit.fileId, edit.end, positionFields(edit.position)];
    case 'footer':
      return [4, edit.fileId, edit.bytes, edit.checksum];
    case 'closed':
      return [5, edit.fileId, edit.end, positionFields(edit.position)];
    case 'reopened':
      return [6, edit.fileId];
    case 'lossAccepted':
      return [7, edit.sequence];
    case 'remove':
      return [8, edit.fileId];
    case 'parity':
      return [9, groupFields(edit.group)];
    case 'swap':
      return [10, edit.fileIds, fileFields(edit.file), edit.removalDroppedMax];
  }
}

function editOf(f: Fields): ManifestEdit {
  const kind = number(f[0]);
  switch (kind) {
    case 1:
      return { is: 'state', state: stateOf(f) };
    case 2:
      return { is: 'add', file: fileOf(list(f[1])) };
    case 3:
      return { is: 'end', fileId: number(f[1]), ...endOf(f.slice(2)) };
    case 4:
      return { is: 'footer', fileId: number(f[1]), ...footerOf(f.slice(2)) };
    case 5:
      return { is: 'closed', fileId: number(f[1]), ...endOf(f.slice(2)) };
    case 6:
      return { is: 'reopened', fileId: number(f[1]) };
    case 7:
      return { is: 'lossAccepted', sequence: number(f[1]) };
    case 8:
      return { is: 'remove', fileId: number(f[1]) };
    case 9:
      return { is: 'parity', group: groupOf(list(f[1])) };
    case 10: {
      const file = fileOf(list(f[2]));
      return { is: 'swap', fileIds: numbers(f[1]), file, removalDroppedMax: number(f[3]) };
    }
    default:
      throw new LogStoreError('UNSUPPORTED_VERSION', `a manifest edit of kind ${kind}`);
  }
}

function stateOf(f: Fields): ManifestState {
  const version = number(f[1]);
  if (version !== 1) {
    throw new LogStoreError('UNSUPPORTED_VERSION', `a store of format version ${version}`);
  }
  kept(f[6], 'version floor');
  kept(f[10], 'volume');
  return {
    formatVersion: 1,
    storeId: copyOf(binary(f[2], 16)),
    ...{ epoch: number(f[3]), createdUnixMs: number(f[4]), fileIdNext: number(f[5]) },
    files: list(f[8]).map((file) => fileOf(list(file))),
    lossesAccepted: numbers(f[11]),
    parityGroups: f[9] === null ? [] : list(f[9]).map((group) => groupOf(list(group))),
    removalDroppedMax: number(f[7]),
  };
}

function groupFields(group: ParityFacts): readonly unknown[] {
  const { fileId, dataCount, parityCount, blockBytes, sliceBytes, coveredBytes } = group;
  return [fileId, dataCount, parityCount, blockBytes, sliceBytes, coveredBytes, group.tablesHash];
}

/** Its sizes all follow from what it covers: others are of a code that came later. */
function groupOf(f: Fields): ParityFacts {
  const shape = parityShape(number(f[5]));
  const [dataCount, parityCount] = [number(f[1]), number(f[2])];
  const [blockBytes, sliceBytes] = [number(f[3]), number(f[4])];
  const isKnown =
    dataCount === shape.dataCount &&
    parityCount === shape.parityCount &&
    blockBytes === shape.blockBytes &&
    sliceBytes === shape.sliceBytes;
  if (!isKnown) {
    const code = `${dataCount} + ${parityCount} slices in blocks of ${blockBytes} bytes`;
    throw new LogStoreError('UNSUPPORTED_VERSION', `a parity group of ${code}`);
  }
  return { ...shape, fileId: number(f[0]), tablesHash: copyOf(binary(f[6], 32)) };
}

function fileFields(file: ManifestFile): readonly unknown[] {
  return [
    ...[file.fileId, kindLog, file.generation, file.first, file.end, file.salt],
    ...[file.boundaryBytes, file.batchFirst, file.batchBeforeChecksum],
    file.position === undefined ? null : positionFields(file.position),
    file.footer === undefined ? null : [file.footer.bytes, file.footer.checksum],
    file.closed === undefined ? null : [file.closed.end, positionFields(file.closed.position)],
    null,
  ];
}

function fileOf(f: Fields): ManifestFile {
  const kind = number(f[1]);
  if (kind !== kindLog) {
    throw new LogStoreError('UNSUPPORTED_VERSION', `a manifest file of kind ${kind}`);
  }
  kept(f[12], 'storage class of a file');
  return {
    ...{
      fileId: number(f[0]),
      generation: number(f[2], u32Max),
      first: number(f[3]),
      end: number(f[4]),
    },
    ...{ salt: copyOf(binary(f[5], 16)), boundaryBytes: boundaryBytesOf(number(f[6])) },
    ...{ batchFirst: number(f[7]), batchBeforeChecksum: number(f[8], u32Max) },
    position: f[9] === null ? undefined : positionOf(list(f[9])),
    footer: f[10] === null ? undefined : footerOf(list(f[10])),
    closed: f[11] === null ? undefined : endOf(list(f[11])),
  };
}

function footerOf(f: Fields): { bytes: number; checksum: number } {
  return { bytes: number(f[0]), checksum: number(f[1], u32Max) };
}

function endOf(f: Fields): { end: number; position: Position } {
  return { end: number(f[0]), position: positionOf(list(f[1])) };
}

function positionFields(p: Position): readonly unknown[] {
  return [p.offset, p.batchNumber, p.batchChecksum, p.versionNext];
}

function positionOf(f: Fields): Position {
  return {
    ...{ offset: number(f[0]), batchNumber: number(f[1]) },
    ...{ batchChecksum: number(f[2], u32Max), versionNext: number(f[3]) },
  };
}

/** So that no state holds on to the buffer that its frame was read in. */
function copyOf(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes);
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}
