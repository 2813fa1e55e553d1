import { LogStoreError } from '../base/errors.js';
import type { Disk, DiskLock, Host } from '../base/host.js';
import { NotProven } from '../base/not-proven.js';
import {
  type AddCheckpoint,
  decodeAddCheckpoint,
  sizeContentType,
} from '../ledger/add-checkpoint.js';
import { type Checkpoint, decodeCheckpoint, signersOf } from '../ledger/checkpoint.js';
import { decodeNote, type Note, type NoteKey } from '../ledger/note.js';
import { type CheckpointSigner, encodeNote, signCheckpoint } from '../ledger/sign-checkpoint.js';
import { sha256 } from '../ledger/strict-crypto.js';
import { equalHashes, isConsistent } from '../merkle/rfc6962.js';
import { Evidence, evidenceDirectory, type Misdeed } from './evidence.js';
import { type LastSeen, lastSeenDirectory, readLastSeen, writeLastSeen } from './last-seen.js';

/** An answer in the words of C2SP tlog-witness. */
export interface WitnessAnswer {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422 | 503;
  readonly contentType: string;
  readonly text: string;
  /** Where evidence of what the log did was kept by this request. */
  readonly evidence?: string;
}

export interface WitnessOptions {
  /** Asked for once the directory is this witness's alone: its first start makes the key. */
  readonly signer: () => Promise<CheckpointSigner>;
  /** Keys of the logs that it watches, each under the name that is its log's origin. */
  readonly logs: readonly NoteKey[];
  /** Told to whoever finds the directory in use. */
  readonly holder: string;
}

/** Requests of one log that wait for the one before them. */
const waitingMax = 64;

interface WatchedLog {
  readonly origin: string;
  readonly keys: NoteKey[];
  last: LastSeen | undefined;
  /** Resolves when all requests up to now were answered; never rejects. */
  turn: Promise<unknown>;
  waitingCount: number;
}

/**
 * Signs what goes on from what it signed before, and nothing else (C2SP tlog-witness). Of each log
 * it remembers the last checkpoint, durably before a signature leaves it: a witness that forgot
 * would sign a second history.
 */
export class Witness implements AsyncDisposable {
  #failure: unknown;
  #closed: Promise<void> | undefined;

  private constructor(
    private readonly host: Pick<Host, 'clock' | 'disk'>,
    private readonly signer: CheckpointSigner,
    private readonly logs: ReadonlyMap<string, WatchedLog>,
    private readonly lock: DiskLock,
    private readonly evidence: Evidence,
  ) {}

  /**
   * Reads what it has seen. Its directory is the root of the disk; one witness has it open.
   * @throws LogStoreError `LOCKED`, `STORE_DAMAGED`
   */
  static async open(
    host: Pick<Host, 'clock' | 'disk'>,
    { signer: signerOf, logs, holder }: WitnessOptions,
  ): Promise<Witness> {
    const { disk, clock } = host;
    await disk.makeDirectory('');
    const lock = await disk.lock('lock', holder);
    try {
      for (const path of [lastSeenDirectory, evidenceDirectory]) await disk.makeDirectory(path);
      await disk.syncDirectory('');
      const signer = await signerOf();
      const watched = await watchedLogs(disk, logs, signer.key);
      const evidence = new Evidence(disk, () => clock.nowUnixMs());
      return new Witness(host, signer, watched, lock, evidence);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  get key(): NoteKey {
    return this.signer.key;
  }

  /** Waits for requests under way. */
  close(): Promise<void> {
    this.#closed ??= Promise.all([...this.logs.values()].map(({ turn }) => turn)).then(() =>
      this.lock.release(),
    );
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * @throws whatever the disk says; then no further checkpoint is signed by this process, as what
   *   the disk holds is decided at the next start
   */
  async addCheckpoint(body: string): Promise<WitnessAnswer> {
    let request: AddCheckpoint;
    let note: Note;
    let checkpoint: Checkpoint;
    try {
      request = decodeAddCheckpoint(body);
      note = decodeNote(request.checkpoint);
      checkpoint = decodeCheckpoint(note.text);
    } catch (error) {
      return words(400, reasonOf(error));
    }
    const log = this.logs.get(checkpoint.origin);
    if (log === undefined) return words(404, 'this witness does not watch that log');
    try {
      if (signersOf(note, log.keys).length === 0)
        return words(403, 'no key of the log signed this');
    } catch (error) {
      return words(403, reasonOf(error));
    }
    if (request.oldSize > checkpoint.size) return words(400, 'the old size is above the new one');
    return this.#inTurn(log, () => this.#decide(log, request, checkpoint, note));
  }

  /** Comparing with the last checkpoint and replacing it are one step. */
  async #inTurn(log: WatchedLog, decide: () => Promise<WitnessAnswer>): Promise<WitnessAnswer> {
    if (this.#closed !== undefined) throw new LogStoreError('CLOSED', 'the witness is closed');
    if (log.waitingCount >= waitingMax) return words(503, 'too many requests for this log');
    log.waitingCount++;
    const decided = log.turn.then(decide);
    log.turn = decided.then(
      () => log.waitingCount--,
      () => log.waitingCount--,
    );
    return decided;
  }

  async #decide(
    log: WatchedLog,
    request: AddCheckpoint,
    checkpoint: Checkpoint,
    note: Note,
  ): Promise<WitnessAnswer> {
    if (this.#failure !== undefined)
      return words(503, 'the disk failed: this witness signs nothing');
    const last = log.last?.checkpoint ?? { size: 0, root: sha256() };
    const known = ownSignatures(note, log.keys);
    const keep = (misdeed: Misdeed) => this.#keep(misdeed, log, encodeNote(known), request);
    if (checkpoint.size === last.size && !equalHashes(checkpoint.root, last.root)) {
      return { ...sizeAnswer(last.size), ...(await keep('fork')) };
    }
    if (checkpoint.size < last.size) {
      return { ...sizeAnswer(last.size), ...(await keep('rollback')) };
    }
    if (request.oldSize !== last.size) return sizeAnswer(last.size);
    if (!isConsistent(sha256, last, checkpoint, request.path)) {
      const answer = words(
        422,
        'the path does not show that this log goes on from what was signed',
      );
      return { ...answer, ...(await keep('unproven')) };
    }
    return this.#sign(log, checkpoint, known);
  }

  async #sign(log: WatchedLog, checkpoint: Checkpoint, known: Note): Promise<WitnessAnswer> {
    const timeUnixS = Math.floor(this.host.clock.nowUnixMs() / 1000);
    const signature = signCheckpoint(this.signer, checkpoint, timeUnixS);
    const signatures = [...known.signatures, signature];
    const seen = { checkpoint, note: encodeNote({ text: known.text, signatures }) };
    // What is signed once more is remembered already.
    if (log.last === undefined || log.last.checkpoint.size < checkpoint.size) {
      await this.#durably(() => writeLastSeen(this.host.disk, seen));
      log.last = seen;
    }
    const line = encodeNote({ text: '', signatures: [signature] }).slice(1);
    return { status: 200, contentType: 'text/plain; charset=utf-8', text: line };
  }

  async #keep(
    misdeed: Misdeed,
    { origin, last }: WatchedLog,
    offered: string,
    request: AddCheckpoint,
  ): Promise<Pick<WitnessAnswer, 'evidence'>> {
    if (last === undefined) return {};
    const path = await this.#durably(() =>
      this.evidence.keep(misdeed, origin, last.note, offered, request),
    );
    return path === undefined ? {} : { evidence: path };
  }

  /** After a failed sync the cache may show what the disk does not hold. */
  async #durably<T>(write: () => Promise<T>): Promise<T> {
    try {
      return await write();
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }
}

async function watchedLogs(
  disk: Disk,
  keys: readonly NoteKey[],
  own: NoteKey,
): Promise<Map<string, WatchedLog>> {
  const logs = new Map<string, WatchedLog>();
  for (const key of keys) {
    const known = logs.get(key.name);
    if (known !== undefined) {
      known.keys.push(key);
      continue;
    }
    const last = await readLastSeen(disk, key.name, own);
    const turn = Promise.resolve();
    logs.set(key.name, { origin: key.name, keys: [key], last, turn, waitingCount: 0 });
  }
  return logs;
}

/** Signatures of strangers are not kept: they would be ours to store, and mean nothing. */
function ownSignatures({ text, signatures }: Note, keys: readonly NoteKey[]): Note {
  const own = signatures.filter(({ name, id }) => {
    return keys.some((key) => key.name === name && key.id === id);
  });
  return { text, signatures: own };
}

function sizeAnswer(size: number): WitnessAnswer {
  return { status: 409, contentType: sizeContentType, text: `${size}\n` };
}

function words(status: WitnessAnswer['status'], text: string): WitnessAnswer {
  return { status, contentType: 'text/plain; charset=utf-8', text: `${text}\n` };
}

function reasonOf(error: unknown): string {
  if (error instanceof NotProven) return error.message;
  throw error;
}
