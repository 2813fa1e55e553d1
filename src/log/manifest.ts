import { LogStoreError } from '../base/errors.js';
import type { Clock, Disk, DiskFile } from '../base/host.js';
import { invariant } from '../base/invariant.js';
import { limits } from '../base/limits.js';
import { manifestFiles, temporarySuffix } from '../format/file-names.js';
import {
  encodeManifestFrame,
  type ManifestEdit,
  type ManifestState,
} from '../format/manifest-frame.js';
import { applyEdits, chooseManifestCopy, readManifestCopy } from './manifest-copies.js';

/** The manifest as it stands on disk, without touching anything. Undefined: there is none. */
export async function readManifest(disk: Disk): Promise<ManifestState | undefined> {
  const [a, b] = await readBoth(disk);
  return chooseManifestCopy(a, b)?.state;
}

async function readBoth(disk: Disk) {
  return [
    await readManifestCopy(disk, manifestFiles[0]),
    await readManifestCopy(disk, manifestFiles[1]),
  ] as const;
}

/**
 * The manifest open for writing: two equal copies, both synced before `append` returns.
 * Calls of `append` are queued one behind another. After one failed, all later ones do.
 */
export class Manifest implements AsyncDisposable {
  #queue: Promise<void> = Promise.resolve();
  #failure: LogStoreError | undefined;
  #fileIdNext = 1;

  private constructor(
    private readonly disk: Disk,
    private readonly clock: Clock,
    private files: readonly DiskFile[],
    private sizeBytes: number,
    private number: number,
    private hash: Uint8Array,
    private current: ManifestState,
  ) {}

  /** A file id that nobody else takes; one never named is free again after a restart. */
  takeFileId(): number {
    this.#fileIdNext = Math.max(this.#fileIdNext, this.current.fileIdNext);
    return this.#fileIdNext++;
  }

  /** Takes back an id of which nothing was made. */
  giveBackFileId(fileId: number): void {
    if (this.#fileIdNext === fileId + 1) this.#fileIdNext = fileId;
  }

  get state(): ManifestState {
    return this.current;
  }

  /** Writes the first frame of a new store. The directories and the first segment are durable. */
  static async create(disk: Disk, clock: Clock, state: ManifestState): Promise<Manifest> {
    const edits: ManifestEdit[] = [{ is: 'state', state }];
    const timeUnixMs = clock.nowUnixMs();
    const frame = { number: 1, hashBefore: new Uint8Array(32), timeUnixMs, edits };
    const { bytes, hash } = encodeManifestFrame(frame);
    const files = await writeAnew(disk, bytes);
    return new Manifest(disk, clock, files, bytes.length, 1, hash, state);
  }

  /**
   * Opens the manifest and writes both copies anew.
   * @throws LogStoreError `STORE_DAMAGED` if they contradict one another
   */
  static async open(disk: Disk, clock: Clock): Promise<Manifest | undefined> {
    const [a, b] = await readBoth(disk);
    const chosen = chooseManifestCopy(a, b);
    const hash = chosen?.hashes.get(chosen.last);
    if (chosen?.state === undefined || hash === undefined) return undefined;
    // Also when they are equal: what a failed sync left in the page cache looks whole and clean,
    // is not on the disk, and no later sync of the same file brings it there.
    const files = await writeAnew(disk, chosen.bytes);
    const { length } = chosen.bytes;
    return new Manifest(disk, clock, files, length, chosen.last, hash, chosen.state);
  }

  /** One frame with these edits; durable in both copies when it resolves. */
  append(...edits: ManifestEdit[]): Promise<void> {
    const done = this.#queue.then(() => this.#append(edits));
    this.#queue = done.catch(() => undefined); // each caller gets its own failure
    return done;
  }

  async #append(edits: ManifestEdit[]): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const state = applyEdits(this.current, edits);
    try {
      if (this.sizeBytes > limits.manifestBytesMax) await this.#rewrite();
      const number = this.number + 1;
      const frame = { number, hashBefore: this.hash, timeUnixMs: this.clock.nowUnixMs(), edits };
      const { bytes, hash } = encodeManifestFrame(frame);
      await allEnded(this.files.map((file) => file.write(this.sizeBytes, [bytes])));
      await allEnded(this.files.map((file) => file.sync()));
      this.sizeBytes += bytes.length;
      [this.number, this.hash, this.current] = [number, hash, state];
    } catch (error) {
      const message = 'the manifest cannot be written: the store is read-only until it is reopened';
      this.#failure = new LogStoreError('WRITER_FAILED', message, { cause: error });
      throw this.#failure;
    }
  }

  /** Begins both copies anew with the whole state, one copy at a time. */
  async #rewrite(): Promise<void> {
    const edits: ManifestEdit[] = [{ is: 'state', state: this.current }];
    const number = this.number + 1;
    const frame = { number, hashBefore: this.hash, timeUnixMs: this.clock.nowUnixMs(), edits };
    const { bytes, hash } = encodeManifestFrame(frame);
    for (const file of this.files) await file.close();
    this.files = await writeAnew(this.disk, bytes);
    [this.sizeBytes, this.number, this.hash] = [bytes.length, number, hash];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue;
    const files = this.files;
    this.files = [];
    await allEnded(files.map((file) => file.close()));
  }
}

/** Waits for all, so that nothing is under way any more when the first failure rises. */
async function allEnded(work: readonly Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(work)) {
    if (outcome.status === 'rejected') throw outcome.reason;
  }
}

/** Temporary name, sync, rename, directory sync: the first copy is durable before the second. */
async function writeAnew(disk: Disk, bytes: Uint8Array): Promise<DiskFile[]> {
  invariant(bytes.length > 0, 'a manifest holds a frame');
  const files: DiskFile[] = [];
  try {
    for (const path of manifestFiles) {
      const temporary = path + temporarySuffix;
      if ((await disk.sizeBytes(temporary)) !== undefined) await disk.unlink(temporary);
      const file = await disk.open(temporary, 'create');
      files.push(file);
      await file.write(0, [bytes]);
      await file.sync();
      await disk.rename(temporary, path);
      await disk.syncDirectory('');
    }
    return files;
  } catch (error) {
    for (const file of files) await file.close();
    throw error;
  }
}
