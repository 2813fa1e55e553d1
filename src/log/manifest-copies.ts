import { LogStoreError } from '../base/errors.js';
import type { Disk } from '../base/host.js';
import {
  decodeManifestFrame,
  type ManifestEdit,
  type ManifestFile,
  type ManifestState,
} from '../format/manifest-frame.js';
import type { ParityFacts } from '../format/parity.js';

/** One copy of the manifest as far as it is valid (SPEC.md §5). */
export interface ManifestCopy {
  /** The valid frames' bytes. */
  readonly bytes: Uint8Array;
  /** Whether anything stands behind them. */
  readonly torn: boolean;
  readonly present: boolean;
  readonly state: ManifestState | undefined;
  /** Hash of each frame, by its number. */
  readonly hashes: ReadonlyMap<number, Uint8Array>;
  /** What the first frame says the frame before it hashed to. */
  readonly hashBeforeFirst: Uint8Array | undefined;
  readonly first: number;
  /** 0 if there is no valid frame. */
  readonly last: number;
}

export async function readManifestCopy(disk: Disk, path: string): Promise<ManifestCopy> {
  const sizeBytes = await disk.sizeBytes(path);
  if (sizeBytes === undefined) return parseManifestCopy(new Uint8Array(0), false);
  const bytes = new Uint8Array(sizeBytes);
  const file = await disk.open(path, 'read');
  try {
    const read = await file.read(bytes, 0);
    return parseManifestCopy(bytes.subarray(0, read), true);
  } finally {
    await file.close();
  }
}

function parseManifestCopy(bytes: Uint8Array, present: boolean): ManifestCopy {
  const hashes = new Map<number, Uint8Array>();
  let state: ManifestState | undefined;
  let hashBeforeFirst: Uint8Array | undefined;
  let [at, first, last] = [0, 0, 0];
  for (;;) {
    const found = decodeManifestFrame(bytes, at);
    if (found === undefined) break;
    const { frame, hash, sizeBytes } = found;
    const before = hashes.get(last);
    if (state === undefined) {
      if (frame.edits[0]?.is !== 'state') break;
      hashBeforeFirst = frame.hashBefore;
      first = frame.number;
    } else if (frame.number !== last + 1 || before === undefined) break;
    else if (!equal(frame.hashBefore, before)) break;
    state = applyEdits(state, frame.edits);
    last = frame.number;
    hashes.set(last, hash);
    at += sizeBytes;
  }
  const torn = at < bytes.length;
  return { bytes: bytes.slice(0, at), torn, present, state, hashes, hashBeforeFirst, first, last };
}

/**
 * The copy that is the manifest: the one that reaches further, if the other tells the same as far
 * as both can tell.
 * @returns undefined if neither holds a whole frame
 * @throws LogStoreError `STORE_DAMAGED` if they contradict one another
 */
export function chooseManifestCopy(a: ManifestCopy, b: ManifestCopy): ManifestCopy | undefined {
  const [longer, shorter] = b.last > a.last ? [b, a] : [a, b];
  if (longer.last === 0) return undefined;
  if (shorter.last === 0) return longer;
  let agreed = false;
  for (const [number, hash] of shorter.hashes) {
    const other = number === longer.first - 1 ? longer.hashBeforeFirst : longer.hashes.get(number);
    if (other === undefined) continue;
    if (!equal(hash, other)) throw fork(`contradict one another at frame ${number}`);
    agreed = true;
  }
  // No crash leaves two copies that have no frame in common: one of them is from elsewhere.
  if (!agreed) throw fork('have no frame in common');
  return longer;
}

function fork(what: string): LogStoreError {
  return damaged(
    `manifest.a and manifest.b ${what}: keep both, restore the one that belongs to this ` +
      'directory, and run `logstore verify`',
  );
}

/** The state after a frame's edits; those name only files that are there. */
export function applyEdits(
  before: ManifestState | undefined,
  edits: readonly ManifestEdit[],
): ManifestState {
  let state = before;
  for (const edit of edits) {
    if (edit.is === 'state') state = edit.state;
    else if (state === undefined) throw damaged('an edit before any state');
    else state = applyEdit(state, edit);
  }
  if (state === undefined) throw damaged('a frame without edits');
  return state;
}

function applyEdit(
  state: ManifestState,
  edit: Exclude<ManifestEdit, { is: 'state' }>,
): ManifestState {
  switch (edit.is) {
    case 'add': {
      const files = [...state.files, edit.file];
      return { ...state, files, fileIdNext: Math.max(state.fileIdNext, edit.file.fileId + 1) };
    }
    case 'end': {
      const { end, position } = edit;
      return change(state, edit.fileId, (file) => ({ ...file, end, position, closed: undefined }));
    }
    case 'footer': {
      const footer = { bytes: edit.bytes, checksum: edit.checksum };
      return change(state, edit.fileId, (file) => ({ ...file, footer }));
    }
    case 'closed': {
      const closed = { end: edit.end, position: edit.position };
      return change(state, edit.fileId, (file) => ({ ...file, closed }));
    }
    case 'reopened':
      return change(state, edit.fileId, (file) => ({ ...file, closed: undefined }));
    case 'lossAccepted':
      return { ...state, lossesAccepted: [...state.lossesAccepted, edit.sequence] };
    case 'parity':
      return withGroup(state, edit.group);
    case 'swap': {
      const at = state.files.findIndex((file) => file.fileId === edit.fileIds[0]);
      const replaced = state.files.slice(at, at + edit.fileIds.length);
      if (at < 0 || replaced.some((file, index) => file.fileId !== edit.fileIds[index])) {
        throw damaged(`the manifest swaps files ${edit.fileIds.join(', ')}, which do not adjoin`);
      }
      return {
        ...withoutGroups(state, edit.fileIds),
        files: state.files.toSpliced(at, edit.fileIds.length, edit.file),
        fileIdNext: Math.max(state.fileIdNext, edit.file.fileId + 1),
        removalDroppedMax: Math.max(state.removalDroppedMax, edit.removalDroppedMax),
      };
    }
    case 'remove':
      return {
        ...withoutGroups(state, [edit.fileId]),
        files: state.files.filter((file) => file.fileId !== edit.fileId),
      };
  }
}

function withoutGroups(state: ManifestState, fileIds: readonly number[]): ManifestState {
  const parityGroups = state.parityGroups.filter(({ fileId }) => !fileIds.includes(fileId));
  return { ...state, parityGroups };
}

/** In the place of the file's group before, if it had one; in the order of the file ids. */
function withGroup(state: ManifestState, group: ParityFacts): ManifestState {
  const { fileId, coveredBytes } = group;
  const file = state.files.find((one) => one.fileId === fileId);
  if (file?.position?.offset !== coveredBytes) {
    throw damaged(`the manifest states parity of file ${fileId}, which does not end there`);
  }
  const others = withoutGroups(state, [fileId]).parityGroups;
  const parityGroups = [...others, group].sort((a, b) => a.fileId - b.fileId);
  return { ...state, parityGroups };
}

function change(
  state: ManifestState,
  fileId: number,
  edit: (file: ManifestFile) => ManifestFile,
): ManifestState {
  if (!state.files.some((file) => file.fileId === fileId)) {
    throw damaged(`the manifest speaks of file ${fileId}, which it never named`);
  }
  const files = state.files.map((file) => (file.fileId === fileId ? edit(file) : file));
  return { ...state, files };
}

function damaged(message: string): LogStoreError {
  return new LogStoreError('STORE_DAMAGED', message);
}

function equal(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && a.length === b.length && a.every((byte, index) => byte === b[index]);
}
