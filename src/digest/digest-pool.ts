import { crc32 } from 'node:zlib';
import { LogStoreError } from '../base/errors.js';
import { invariant } from '../base/invariant.js';
import {
  assembleDigests,
  type BodyDigests,
  type DigestPlan,
  digestNow,
  hashKinds,
} from './body-digest.js';
import { combineCrc32 } from './crc-combine.js';
import { type DigestLane, DigestWorker } from './digest-worker.js';
import { localLane } from './local-lane.js';
import { crc32Bytes, type HashKind } from './running-hash.js';
import { type Slab, SlabPool } from './slab-pool.js';

/**
 * Hashes large bodies off the event loop. Slabs of `slabs` bound all memory of it; threads start
 * when there is work for them, and a thread that dies fails its bodies and is replaced.
 */
export class DigestPool implements AsyncDisposable {
  readonly slabs: SlabPool;
  readonly #workersMax: number;
  readonly #workers: DigestWorker[] = [];
  #closed: Promise<void> | undefined;

  /** @param options of which `workersMax` 0 hashes on this thread, for runs that must be alike */
  constructor(options: {
    readonly workersMax: number;
    readonly slabBytes: number;
    readonly slabCountMax: number;
  }) {
    invariant(options.workersMax >= 0, 'a count of threads');
    this.#workersMax = options.workersMax;
    this.slabs = new SlabPool(options.slabBytes, options.slabCountMax);
  }

  /** Starts all threads now, so that no body waits for one to start. */
  startThreads(): void {
    while (this.#workers.length < this.#workersMax) this.#startThread();
  }

  start(plan: DigestPlan): BodyDigester {
    return new BodyDigester(plan, (kinds) => this.#openLane(kinds));
  }

  /** Bodies under way fail with CLOSED, and so does everything that begins later. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= Promise.all(this.#workers.map((worker) => worker.close())).then(() => {});
    this.slabs.close();
    return this.#closed;
  }

  #openLane(kinds: readonly HashKind[]): DigestLane {
    if (this.#closed !== undefined) throw new LogStoreError('CLOSED', 'the store is closed');
    return this.#workersMax === 0 ? localLane(kinds) : this.#leastBusy().openLane(kinds);
  }

  #leastBusy(): DigestWorker {
    let best: DigestWorker | undefined;
    for (const worker of this.#workers)
      if (best === undefined || worker.load < best.load) best = worker;
    if (best !== undefined && (best.load === 0 || this.#workers.length === this.#workersMax))
      return best;
    return this.#startThread();
  }

  #startThread(): DigestWorker {
    const { memory, slabBytes } = this.slabs;
    const started = new DigestWorker({ memory, slabBytes }, (dead) => {
      this.#workers.splice(this.#workers.indexOf(dead), 1);
    });
    this.#workers.push(started);
    return started;
  }
}

/** The digests of one body, whose slabs come in order. Ended once, by `finish` or `abandon`. */
export class BodyDigester {
  #lanes: readonly DigestLane[] | undefined; // none before the first slab: an idle upload is free
  #crc32 = 0;
  #sizeBytes = 0;
  #ended = false;

  constructor(
    private readonly plan: DigestPlan,
    private readonly openLane: (kinds: readonly HashKind[]) => DigestLane,
  ) {}

  /**
   * Goes on over the slab's first `lengthBytes`, and holds the slab until they are hashed; they
   * must not change before. The CRC comes first: a bit that memory flips behind it is in the hashes
   * or on the disk, and either way found (SPEC.md §3.3).
   * @param isRecord false where other bytes than these are written: their CRC is then nobody's
   * @returns the CRC-32 of these bytes alone, for their log record
   * @throws LogStoreError `CLOSED`
   */
  update(slab: Slab, lengthBytes: number, isRecord = true): number {
    invariant(!this.#ended, 'a body ends once');
    this.#lanes ??= lanesOf(this.plan).map((kinds) => this.openLane(kinds));
    const isAsked = this.plan.checksum === 'CRC32';
    const crc = isRecord || isAsked ? crc32(slab.bytes.subarray(0, lengthBytes)) : 0;
    if (isAsked) this.#crc32 = combineCrc32(this.#crc32, crc, lengthBytes);
    for (const lane of this.#lanes) lane.update(slab, lengthBytes);
    this.#sizeBytes += lengthBytes;
    return crc;
  }

  /** @throws LogStoreError `BUSY` if a hashing thread died under it, `CLOSED` */
  async finish(): Promise<BodyDigests> {
    invariant(!this.#ended, 'a body ends once');
    this.#ended = true;
    if (this.#lanes === undefined) return digestNow(new Uint8Array(0), this.plan);
    const values = new Map<HashKind, Uint8Array>([['crc32', crc32Bytes(this.#crc32)]]);
    for (const digests of await Promise.all(this.#lanes.map((lane) => lane.finish())))
      for (const [kind, value] of digests) values.set(kind, value);
    return assembleDigests(this.plan, this.#sizeBytes, (kind) => {
      const value = values.get(kind);
      invariant(value !== undefined, 'the lanes together compute the plan');
      return value;
    });
  }

  /** Harmless after the end. */
  abandon(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const lane of this.#lanes ?? []) lane.drop();
  }
}

/** CRC-32 follows from the slabs' own. MD5, the slowest, may run beside the others. */
function lanesOf(plan: DigestPlan): HashKind[][] {
  const kinds = hashKinds(plan).filter((kind) => kind !== 'crc32');
  const others = kinds.filter((kind) => kind !== 'md5');
  return [kinds.filter((kind) => kind === 'md5'), others].filter((lane) => lane.length > 0);
}
