import { createHash } from 'node:crypto';
import { Packr } from 'msgpackr';
import { LogStoreError } from '../base/errors.js';
import { getU32, getU64, setU32, setU64 } from './byte-order.js';

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
  | { readonly is: 'remove'; readonly fileId: number };

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
const packr = new Packr({ useRecords: false });

export function encodeManifestFrame(frame: ManifestFrame): { bytes: Uint8Array; hash: Uint8Array } {
  const payload = packr.pack([frame.timeUnixMs, frame.edits.map(editFields)]);
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
 * @throws LogStoreError `UNSUPPORTED_VERSION` for a whole frame that says what this code cannot know
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
  const [timeUnixMs, edits] = packr.unpack(bytes.slice(start + headBytes, payloadEnd)) as Fields;
  const frame: ManifestFrame = {
    number: getU64(bytes, start + at.number),
    hashBefore: bytes.slice(start + at.hashBefore, start + headBytes),
    timeUnixMs: timeUnixMs as number,
    edits: (edits as Fields[]).map(editOf),
  };
  return { frame, hash, sizeBytes };
}

// A frame's hash was checked before its fields are believed, so the casts below rest on it: what
// passes was written by this encoder, or by a later one that the version check refuses.
type Fields = readonly unknown[];

function editFields(edit: ManifestEdit): Fields {
  switch (edit.is) {
    case 'state': {
      const s = edit.state;
      const files = s.files.map(fileFields);
      return [
        ...[1, s.formatVersion, s.storeId, s.epoch, s.createdUnixMs, s.fileIdNext],
        ...[0, 0, files, [], [], s.lossesAccepted],
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
  }
}

function editOf(f: Fields): ManifestEdit {
  const first = f[1] as number;
  switch (f[0]) {
    case 1:
      return { is: 'state', state: stateOf(f) };
    case 2:
      return { is: 'add', file: fileOf(f[1] as Fields) };
    case 3:
      return { is: 'end', fileId: first, end: f[2] as number, position: positionOf(f[3]) };
    case 4:
      return { is: 'footer', fileId: first, bytes: f[2] as number, checksum: f[3] as number };
    case 5:
      return { is: 'closed', fileId: first, end: f[2] as number, position: positionOf(f[3]) };
    case 6:
      return { is: 'reopened', fileId: first };
    case 7:
      return { is: 'lossAccepted', sequence: first };
    case 8:
      return { is: 'remove', fileId: first };
    default:
      throw new LogStoreError('UNSUPPORTED_VERSION', `a manifest edit of kind ${String(f[0])}`);
  }
}

function stateOf(f: Fields): ManifestState {
  if (f[1] !== 1) {
    throw new LogStoreError('UNSUPPORTED_VERSION', `a store of format version ${String(f[1])}`);
  }
  return {
    formatVersion: 1,
    storeId: copyOf(f[2]),
    epoch: f[3] as number,
    createdUnixMs: f[4] as number,
    fileIdNext: f[5] as number,
    files: (f[8] as Fields[]).map(fileOf),
    lossesAccepted: f[11] as number[],
  };
}

function fileFields(file: ManifestFile): Fields {
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
  if (f[1] !== kindLog) {
    throw new LogStoreError('UNSUPPORTED_VERSION', `a manifest file of kind ${String(f[1])}`);
  }
  const footer = f[10] as [number, number] | null;
  const closed = f[11] as [number, unknown] | null;
  return {
    ...{ fileId: f[0] as number, generation: f[2] as number },
    ...{ first: f[3] as number, end: f[4] as number, salt: copyOf(f[5]) },
    ...{ boundaryBytes: f[6] as number, batchFirst: f[7] as number },
    batchBeforeChecksum: f[8] as number,
    position: f[9] === null ? undefined : positionOf(f[9]),
    footer: footer === null ? undefined : { bytes: footer[0], checksum: footer[1] },
    closed: closed === null ? undefined : { end: closed[0], position: positionOf(closed[1]) },
  };
}

function positionFields(p: Position): Fields {
  return [p.offset, p.batchNumber, p.batchChecksum, p.versionNext];
}

function positionOf(value: unknown): Position {
  const [offset, batchNumber, batchChecksum, versionNext] = value as number[];
  return {
    ...{ offset: offset as number, batchNumber: batchNumber as number },
    ...{ batchChecksum: batchChecksum as number, versionNext: versionNext as number },
  };
}

function copyOf(value: unknown): Uint8Array {
  return Uint8Array.from(value as Uint8Array);
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}
