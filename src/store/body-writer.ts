import { crc32 } from 'node:zlib';
import { isLogStoreError, LogStoreError } from '../base/errors.js';
import type { Random } from '../base/host.js';
import { limits } from '../base/limits.js';
import { RunBuilder } from '../catalog/runs.js';
import { type BodyDigests, type DigestPlan, digestNow } from '../digest/body-digest.js';
import type { DigestPool } from '../digest/digest-pool.js';
import { type FilledSlab, fillSlabs } from '../digest/slab-filler.js';
import type { Slab } from '../digest/slab-pool.js';
import { sealFrame } from '../encryption/frame.js';
import { checksum } from '../format/checksum.js';
import { frameBytes, tagBytes } from '../format/encryption.js';
import type { Log } from '../log/types.js';
import { freeSpent } from '../memory/spent-memory.js';
import { aborted, withSignal } from './abortable.js';
import type { BodySource } from './object-types.js';

/** Bytes that travel inside a commit, and their CRC-32 from before they were hashed. */
export interface InlineBody {
  readonly bytes: Uint8Array;
  readonly crc: number;
}

/** A body that is on its way into the log, or small enough to travel inside its commit. */
export interface WrittenBody {
  readonly digests: BodyDigests;
  /** Given where the body goes into the commit; unchanged until `release`. */
  readonly inlineBody: InlineBody | undefined;
  /** Of the data records appended otherwise; their commit must be appended behind them. */
  readonly runs: readonly number[];
  /**
   * In the turn of the commit: whether its data records still are on their way, or there.
   * @throws LogStoreError what failed them; their numbers may then be another body's
   */
  checkStored(): void;
  /** To be called once the commit is durable or given up. */
  release(): void;
}

export interface WriteBodyOptions {
  readonly signal?: AbortSignal | undefined;
  /** What takes no more than this is not written: it goes into the commit. */
  readonly inlineBytesMax: number;
  /** The body's own, where it is to lie in frames; digests are of the plaintext all the same. */
  readonly key?: Uint8Array | undefined;
}

const noRuns: readonly number[] = Object.freeze([]);
const nothing = (): void => {};

/**
 * A body in memory that travels inside its commit, or is empty. Sealed and summed up before it is
 * hashed, as larger bodies are.
 */
export function inlineBody(bytes: Uint8Array, plan: DigestPlan, key?: Uint8Array): WrittenBody {
  const stored = bytes.length === 0 ? undefined : storedInline(bytes, key);
  const digests = digestNow(bytes, plan);
  return { digests, inlineBody: stored, runs: noRuns, checkStored: nothing, release: nothing };
}

function storedInline(bytes: Uint8Array, key: Uint8Array | undefined): InlineBody {
  return summedUp(key === undefined ? bytes : Buffer.concat(sealFrame(key, 0, bytes)));
}

export function summedUp(bytes: Uint8Array): InlineBody {
  return { bytes, crc: checksum(bytes) };
}

/** Whether so many bytes of plaintext, sealed or not, fit into `inlineBytesMax`. */
function fitsInline(lengthBytes: number, { inlineBytesMax, key }: WriteBodyOptions): boolean {
  return lengthBytes + (key === undefined ? 0 : tagBytes) <= inlineBytesMax;
}

/**
 * Writes bodies as data records, in slabs of shared memory: the same bytes are hashed by threads
 * and written by the log. What a body that fails has written is dead.
 */
export class BodyWriter {
  /** Of the bodies whose commit is still to come. */
  readonly #underWay = new Set<DataRecords>();

  constructor(
    private readonly log: Log,
    private readonly digests: DigestPool,
    private readonly random: Random,
  ) {}

  /** @throws LogStoreError `ENTITY_TOO_LARGE`, `ABORTED`; what Log.append and the source throw */
  async write(
    source: BodySource,
    plan: DigestPlan,
    options: WriteBodyOptions,
  ): Promise<WrittenBody> {
    const { signal, key } = options;
    if (source instanceof Uint8Array && fitsInline(source.length, options)) {
      return inlineBody(source, plan, key);
    }
    const chunks = source instanceof Uint8Array ? [source] : withSignal(source, signal);
    const fullBytes = key === undefined ? this.digests.slabs.slabBytes : frameBytes;
    const slabs = fillSlabs(this.digests.slabs, chunks, fullBytes);
    try {
      const first = await slabs.next();
      if (first.done === true) return inlineBody(new Uint8Array(0), plan);
      const { slab, lengthBytes } = first.value;
      // A slab that is not full is a body's last.
      if (fitsInline(lengthBytes, options) && lengthBytes < fullBytes) {
        const body = inlineBody(slab.bytes.subarray(0, lengthBytes), plan, key);
        return { ...body, release: () => slab.release() };
      }
      return await this.#writeRecords(first.value, slabs, plan, options);
    } finally {
      await slabs.return();
    }
  }

  /** The digests alone of bytes that are stored already. */
  async digest(source: AsyncIterable<Uint8Array>, plan: DigestPlan): Promise<BodyDigests> {
    const digester = this.digests.start(plan);
    try {
      for await (const { slab, lengthBytes } of fillSlabs(this.digests.slabs, source)) {
        try {
          digester.update(slab, lengthBytes);
        } finally {
          slab.release();
        }
      }
      return await digester.finish();
    } finally {
      digester.abandon();
    }
  }

  /** Of the bodies whose commit is still to come: the runs of their records so far. */
  underWayRuns(): readonly (readonly number[])[] {
    return Array.from(this.#underWay, ({ runs }) => runs);
  }

  /** Written for them so far. */
  get underWayBytes(): number {
    let sizeBytes = 0;
    for (const records of this.#underWay) sizeBytes += records.sizeBytes;
    return sizeBytes;
  }

  async #writeRecords(
    first: FilledSlab,
    rest: AsyncGenerator<FilledSlab, void, void>,
    plan: DigestPlan,
    { signal, key }: WriteBodyOptions,
  ): Promise<WrittenBody> {
    const digester = this.digests.start(plan);
    const uploadId = this.random.bytes(8);
    const records = new DataRecords(this.log, uploadId, key);
    this.#underWay.add(records);
    const release = (): void => void this.#underWay.delete(records);
    let isWritten = false;
    let plainBytes = 0;
    let next: FilledSlab | undefined = first;
    try {
      while (next !== undefined) {
        const { slab, lengthBytes }: FilledSlab = next;
        next = undefined;
        plainBytes += lengthBytes;
        try {
          if (plainBytes > limits.putBytesMax) throw tooLarge();
          if (signal?.aborted === true) throw aborted(signal);
          const plain = slab.bytes.subarray(0, lengthBytes);
          // Before it is hashed: a bit that memory flips between is in the hashes alone.
          const sealed = records.sealed(plain);
          const crc = digester.update(slab, lengthBytes, sealed === undefined);
          await records.append(sealed ?? { parts: [plain], crc }, slab);
        } finally {
          slab.release();
        }
        const result = await rest.next();
        if (result.done !== true) next = result.value;
      }
      await records.end();
      const digests = await digester.finish();
      const checkStored = (): void => records.checkStored();
      const { runs } = records;
      isWritten = true;
      return { digests, inlineBody: undefined, runs, checkStored, release };
    } finally {
      if (!isWritten) release();
      digester.abandon();
    }
  }
}

/** What one record holds. */
interface Payload {
  readonly parts: readonly Uint8Array[];
  readonly crc: number;
}

/** The data records of one body, each a frame of it where it has a key. */
class DataRecords {
  /** Appended so far. */
  sizeBytes = 0;
  readonly #runs = new RunBuilder();
  #failure: LogStoreError | undefined;
  #frameNext = 0;
  #endsOpen = false;

  constructor(
    private readonly log: Log,
    /** 8 bytes, the subject of its records. */
    private readonly uploadId: Uint8Array,
    private readonly key: Uint8Array | undefined,
  ) {}

  get runs(): readonly number[] {
    return this.#runs.runs;
  }

  checkStored(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** The next frame of a body that has a key. */
  sealed(plain: Uint8Array): Payload | undefined {
    if (this.key === undefined) return undefined;
    const parts = sealFrame(this.key, this.#frameNext, plain);
    this.#frameNext++;
    this.#endsOpen = plain.length === frameBytes;
    return { parts, crc: parts.reduce((crc, bytes) => crc32(bytes, crc), 0) };
  }

  /** A full frame is never a body's last: a reader then knows where the body ends. */
  async end(): Promise<void> {
    const empty = this.#endsOpen ? this.sealed(new Uint8Array(0)) : undefined;
    if (empty !== undefined) await this.append(empty);
  }

  /**
   * Waits for room in the log's queue. The slab that it comes from is held until its record is
   * durable: what is sealed takes as much memory again, and so it is bounded as slabs are.
   */
  async append({ parts: payload, crc: payloadChecksum }: Payload, slab?: Slab): Promise<void> {
    for (;;) {
      await this.log.room();
      this.checkStored();
      slab?.retain();
      try {
        const sequence = this.log.append({
          ...{ kind: 'data', flags: 0, subject: this.uploadId },
          ...{ payload, payloadChecksum },
          onDurable: () => {
            slab?.release();
            if (this.key !== undefined) payload.forEach(freeSpent);
          },
          onFailed: (error) => {
            this.#failure = error;
            slab?.release();
          },
        });
        const lengthBytes = payload.reduce((sum, { length }) => sum + length, 0);
        this.#runs.add(sequence, lengthBytes);
        this.sizeBytes += lengthBytes;
        return;
      } catch (error) {
        slab?.release();
        if (!isLogStoreError(error, 'BUSY')) throw error; // others took the room first
      }
    }
  }
}

function tooLarge(): LogStoreError {
  return new LogStoreError('ENTITY_TOO_LARGE', `a body has at most ${limits.putBytesMax} bytes`);
}
