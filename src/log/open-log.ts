import { errnoOf, LogStoreError } from '../base/errors.js';
import type { Disk, DiskLock, Host } from '../base/host.js';
import { limits } from '../base/limits.js';
import { versionAfter } from '../format/commit.js';
import { lockFile, logDirectory, segmentPath } from '../format/file-names.js';
import type { ManifestFile, ManifestState } from '../format/manifest-frame.js';
import type { ParityFacts } from '../format/parity.js';
import { recordBytes } from '../format/record.js';
import { batchesStart, formatVersion, storeIdBytes } from '../format/segment-header.js';
import { ActiveSegment } from './active-segment.js';
import { writeFooter } from './footer-file.js';
import { ReadingLog, WritingLog } from './log.js';
import { checkRanges, findUnnamedRecords, removeOrphans, removeUnnamed } from './log-directory.js';
import { LogFiles } from './log-files.js';
import {
  followEnded,
  followRecords,
  type OpenSegmentContents,
  readOpenSegment,
  snapshotFits,
} from './log-replay.js';
import { Manifest, readManifest } from './manifest.js';
import type { LogFollower } from './record-types.js';
import { recoverTail } from './recover.js';
import { createSegment, spaceErrors } from './segment-file.js';
import { SpaceGuard } from './space-guard.js';
import type { Log, LogPosition, OpenLogOptions } from './types.js';

/**
 * Opens the log in the host's directory, or begins a new one; hands every durable commit to
 * `follower` before it resolves.
 * @throws LogStoreError `LOCKED`, `STORE_DAMAGED`, `UNSUPPORTED_VERSION`,
 *   `UNSUPPORTED_FILE_SYSTEM`, `IO`, `NO_SPACE`; `NOT_A_STORE` in mode `read` where there is none
 */
export async function openLog(
  host: Host,
  options: OpenLogOptions,
  follower: LogFollower,
): Promise<Log> {
  try {
    return await open(host, options, follower);
  } catch (error) {
    const errno = errnoOf(error) ?? '';
    if (errno === '') throw error;
    const code = spaceErrors.has(errno) ? 'NO_SPACE' : 'IO';
    throw new LogStoreError(code, `the store cannot be opened: ${errno}`, { cause: error });
  }
}

async function open(host: Host, options: OpenLogOptions, follower: LogFollower): Promise<Log> {
  const { disk, clock } = host;
  if (options.mode === 'read') {
    const state = await readManifest(disk);
    if (state === undefined) throw new LogStoreError('NOT_A_STORE', 'there is no store here');
    const files = new LogFiles(disk, state.storeId);
    const replayed = await orClose(files, () => replay(disk, state, options, follower, files));
    const reason = damageReason(replayed.lost) ?? 'it was opened for reading only';
    followRecords(replayed.open.tail, replayed.from, replayed.follower);
    return readingLog(replayed, state, reason, undefined, disk);
  }

  await disk.makeDirectory('');
  const lock = await disk.lock(lockFile, options.holder ?? 'a logstore process');
  let manifest: Manifest | undefined;
  try {
    await disk.makeDirectory(logDirectory);
    await disk.syncDirectory('');
    manifest = (await Manifest.open(disk, clock)) ?? (await createStore(host, options));
    await removeOrphans(disk, manifest.state);
    const files = new LogFiles(disk, manifest.state.storeId);
    const parts = { manifest, lock, files };
    return await orClose(files, () => openForWriting(host, parts, options, follower));
  } catch (error) {
    await manifest?.[Symbol.asyncDispose]().catch(() => undefined); // why it failed came before
    await lock.release();
    throw error;
  }
}

/** Closes the files if the opening fails. */
async function orClose<T>(files: LogFiles, opening: () => Promise<T>): Promise<T> {
  try {
    return await opening();
  } catch (error) {
    await files[Symbol.asyncDispose]();
    throw error;
  }
}

async function createStore(host: Host, options: OpenLogOptions): Promise<Manifest> {
  const { disk, random, clock } = host;
  const found = await findUnnamedRecords(disk);
  if (found !== undefined) {
    throw new LogStoreError(
      'STORE_DAMAGED',
      `${found} holds records, but no whole manifest is here: bring manifest.a or manifest.b ` +
        'back; nothing was changed',
    );
  }
  await removeUnnamed(disk);
  const storeId = random.bytes(storeIdBytes);
  const { file, named } = await createSegment(host, storeId, {
    ...{ fileId: 1, first: 1, boundaryBytes: options.boundaryBytes ?? 512 },
    ...{ batchFirst: 1, batchBeforeChecksum: 0 },
  });
  await file.close();
  // Begun as if it had been closed: nothing in the first segment needs recovering.
  const position = { offset: batchesStart, batchNumber: 0, batchChecksum: 0, versionNext: 1 };
  const files = [{ ...named, closed: { end: 1, position } }];
  return Manifest.create(disk, clock, {
    ...{ formatVersion, storeId, epoch: 1, createdUnixMs: clock.nowUnixMs() },
    ...{ fileIdNext: 2, files, lossesAccepted: [], parityGroups: [], removalDroppedMax: 0 },
  });
}

/** What replaying the log came to. */
interface Replayed {
  readonly files: LogFiles;
  readonly openFile: ManifestFile;
  readonly open: OpenSegmentContents;
  readonly lost: readonly number[];
  readonly follower: VersionCounter;
  readonly from: number;
  /** Ended segments whose footer is missing or damaged, with what a new one is made of. */
  readonly remade: readonly [ManifestFile, Awaited<ReturnType<typeof followEnded>>['remade']][];
}

async function replay(
  disk: Disk,
  state: ManifestState,
  options: OpenLogOptions,
  wanted: LogFollower,
  files: LogFiles,
): Promise<Replayed> {
  checkRanges(state);
  const snapshot = ownSnapshot(options, state);
  const fits = snapshot !== undefined && (await snapshotFits(disk, state, snapshot));
  options.use?.(fits);
  const from = fits ? snapshot.sequence : 1;
  const follower = new VersionCounter(wanted, state, fits ? snapshot.versionNext : 1);
  const remade: Replayed['remade'][number][] = [];
  const progress = new ReplayProgress(state, from, options);
  for (const file of state.files) {
    if (file.end === 0) continue;
    const segment = files.add(file, undefined, groupOf(state, file.fileId));
    if ((await disk.sizeBytes(segmentPath(file.fileId))) === undefined) throw missing(file);
    if (file.end <= from) continue;
    const found = await followEnded(disk, files, segment, from, follower);
    if (found.remade !== undefined) remade.push([file, found.remade]);
    progress.followed(file);
  }
  const openFile = state.files[state.files.length - 1];
  if (openFile === undefined) throw new LogStoreError('STORE_DAMAGED', 'no segment is open');
  // Also one that does not fit: where the log ends below it, the log has lost something.
  const provenElsewhere = snapshot?.sequence ?? 0;
  const follow = { from, provenElsewhere, follower };
  const open = await readOpenSegment(disk, state.storeId, openFile, follow);
  return { files, openFile, open, lost: follower.lostCommits, follower, from, remade };
}

function groupOf({ parityGroups }: ManifestState, fileId: number): ParityFacts | undefined {
  return parityGroups.find((group) => group.fileId === fileId);
}

/** The caller's snapshot, unless it is another store's. */
function ownSnapshot({ snapshot }: OpenLogOptions, { storeId }: ManifestState) {
  const own = snapshot?.storeId.every((byte, index) => byte === storeId[index]);
  return own ? snapshot : undefined;
}

async function openForWriting(
  host: Host,
  { manifest, lock, files }: { manifest: Manifest; lock: DiskLock; files: LogFiles },
  options: OpenLogOptions,
  follower: LogFollower,
): Promise<Log> {
  const { disk } = host;
  const { state } = manifest;
  const replayed = await replay(disk, state, options, follower, files);
  const { open, openFile } = replayed;
  const reason = damageReason(replayed.lost);
  if (reason !== undefined) {
    followRecords(open.tail, replayed.from, replayed.follower);
    await manifest[Symbol.asyncDispose]();
    return readingLog(replayed, state, reason, lock, disk);
  }

  const space = await SpaceGuard.open(host, options.reserveBytes);
  let active: ActiveSegment;
  if (open.closed) {
    active = await goOn(host, manifest, openFile, open);
  } else {
    const position = { ...open.position, versionNext: replayed.follower.versionNext };
    const { tail, provenEnd } = open;
    followRecords(tail, replayed.from, replayed.follower); // it may refuse what it does not know
    const recovered = await recoverTail(host, manifest, openFile, provenEnd, position, tail);
    ({ active } = recovered);
    const { ended } = recovered;
    if (ended !== undefined) {
      files.add(ended, open.table);
      if (open.whole) await sealAgain(disk, manifest, files, ended, open);
    }
  }
  files.add(active.named, active.table);
  for (const [file, remade] of replayed.remade) {
    if (remade !== undefined) await sealAgain(disk, manifest, files, file, remade);
  }
  const { versionNext } = replayed.follower;
  const segmentBytes = options.segmentBytes ?? limits.segmentBytesDefault;
  const parts = { manifest, active, lock, space, versionNext, segmentBytes, warn: options.warn };
  return new WritingLog(host, files, parts);
}

/** Goes on in the segment that a clean close left: it holds nothing but what was synced. */
async function goOn(
  { disk, clock }: Host,
  manifest: Manifest,
  openFile: ManifestFile,
  open: OpenSegmentContents,
): Promise<ActiveSegment> {
  await manifest.append({ is: 'reopened', fileId: openFile.fileId });
  const file = await disk.open(segmentPath(openFile.fileId), 'write');
  const named = { ...openFile, closed: undefined };
  return new ActiveSegment(clock, file, named, open.table, open.commits, open.position);
}

/** Writes a footer that was missing or damaged. */
async function sealAgain(
  disk: Disk,
  manifest: Manifest,
  files: LogFiles,
  file: ManifestFile,
  { table, commits }: Pick<OpenSegmentContents, 'table' | 'commits'>,
): Promise<void> {
  const footer = await writeFooter(disk, manifest.state.storeId, file, table, commits);
  await manifest.append({ is: 'footer', fileId: file.fileId, ...footer });
  files.replace({ ...file, footer });
}

function readingLog(
  replayed: Replayed,
  state: ManifestState,
  reason: string,
  lock: DiskLock | undefined,
  disk: Disk,
): ReadingLog {
  const { files, open, openFile, follower } = replayed;
  for (const { sequence, offset, payloadBytes } of open.tail) {
    open.table.add(sequence, offset, recordBytes(payloadBytes));
  }
  files.add(openFile, open.table);
  const end: LogPosition = {
    ...{ ...open.position, fileId: openFile.fileId, versionNext: follower.versionNext },
    sequence: open.provenEnd + open.tail.length,
  };
  return new ReadingLog(state, files, end, reason, lock, disk);
}

function damageReason(lost: readonly number[]): string | undefined {
  if (lost.length === 0) return undefined;
  const named = lost.slice(0, 8).join(', ') + (lost.length > 8 ? ', ...' : '');
  return (
    `${lost.length} durable commits cannot be read (record ${named}): run \`logstore verify\`, ` +
    'restore the damaged segment, or give the records up with `logstore repair --accept-loss N`'
  );
}

function missing(file: ManifestFile): LogStoreError {
  const path = segmentPath(file.fileId);
  return new LogStoreError(
    'STORE_DAMAGED',
    `${path} is missing: bring it back; nothing was changed`,
  );
}

/** How much of the ended segments has been followed; the open one is the small rest. */
class ReplayProgress {
  readonly #totalBytes: number;
  #doneBytes = 0;

  constructor(
    { files }: ManifestState,
    from: number,
    private readonly options: OpenLogOptions,
  ) {
    const wanted = files.filter(({ end }) => end > from);
    this.#totalBytes = wanted.reduce((sum, file) => sum + sizeOf(file), 0);
  }

  followed(file: ManifestFile): void {
    this.#doneBytes += sizeOf(file);
    this.options.progress?.(this.#doneBytes, this.#totalBytes);
  }
}

function sizeOf({ position }: ManifestFile): number {
  return position?.offset ?? 0;
}

/** Passes commits on, counts their versions, and tells lost ones from those given up. */
class VersionCounter implements LogFollower {
  readonly lostCommits: number[] = [];
  readonly #accepted: ReadonlySet<number>;

  constructor(
    private readonly follower: LogFollower,
    state: ManifestState,
    public versionNext: number,
  ) {
    this.#accepted = new Set(state.lossesAccepted);
    for (const file of state.files) {
      const known = Math.max(
        file.position?.versionNext ?? 0,
        file.closed?.position.versionNext ?? 0,
      );
      this.versionNext = Math.max(this.versionNext, known);
    }
  }

  commit(sequence: number, meta: Uint8Array, flags: number): void {
    this.versionNext = Math.max(this.versionNext, versionAfter(meta));
    this.follower.commit(sequence, meta, flags);
  }

  lost(sequence: number, subject: Uint8Array | undefined): void {
    if (this.#accepted.has(sequence)) return;
    this.lostCommits.push(sequence);
    this.follower.lost(sequence, subject);
  }
}
