import { isLogStoreError } from '../../src/base/errors.js';
import type { Store } from '../../src/store/types.js';
import type { SeededRandom } from '../sim/seeded-random.js';
import type { Change, Entry } from './journal-of-writes.js';
import { bodyOf } from './tagged-body.js';

export interface BusyWriterOptions {
  readonly bucket: string;
  readonly random: SeededRandom;
  /** Told of every operation before it is asked for, and of its answer. */
  readonly note: (entry: Entry) => void;
  /** Distinguishes the keys and bodies of this run from those of all others. */
  readonly run: string;
  readonly sizesBytes: readonly number[];
  /** False: only what is hashed without threads, whose start takes real time. */
  readonly threads?: boolean;
}

const keyCount = 12;
const claimCount = 8;
const minPartBytes = 5 * 1024 ** 2;
let idNext = 1;

/** One of many who write at once: every kind of write there is, to keys of its own. */
export class BusyWriter {
  #tagNumber = 0;
  /** What this writer's own keys hold, as far as it wrote them. */
  readonly #known = new Map<string, string>();

  constructor(
    private readonly store: Store,
    private readonly number: number,
    private readonly options: BusyWriterOptions,
  ) {}

  /** Writes until `steps` operations were answered, or an answer says that there is no use. */
  async work(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) if (!(await this.#step())) return;
  }

  async #step(): Promise<boolean> {
    const { random, threads = true } = this.options;
    const dice = threads ? random.fraction() : 0.2 + 0.8 * random.fraction();
    if (dice < 0.1) return this.#transaction();
    if (dice < 0.2) return this.#multipart();
    if (dice < 0.6) return this.#put();
    if (dice < 0.75) return this.#delete();
    if (dice < 0.85) return this.#copy();
    return this.#claim();
  }

  #tag(): string {
    const { random, run, sizesBytes } = this.options;
    return `${run}.w${this.number}.${++this.#tagNumber}.${random.pick(sizesBytes)}`;
  }

  #key(): string {
    return `w${this.number}/k${this.options.random.below(keyCount)}`;
  }

  async #noted(entry: Entry, work: () => Promise<unknown>): Promise<boolean> {
    const { note } = this.options;
    note(entry);
    const { id } = entry;
    try {
      await work();
      note({ is: 'acknowledged', id });
      return true;
    } catch (error) {
      if (isLogStoreError(error, 'PRECONDITION_FAILED', 'CONFLICT', 'NO_SUCH_KEY')) {
        note({ is: 'refused', id });
        return true;
      }
      // Whether it happened only the next opening tells.
      if (isLogStoreError(error, 'NO_SPACE')) return true;
      if (isLogStoreError(error, 'WRITER_FAILED', 'CLOSED', 'READ_ONLY', 'BUSY')) return false;
      throw error;
    }
  }

  #begun(change: Change, work: () => Promise<unknown>): Promise<boolean> {
    const entry = { is: 'begun', id: idNext++, writer: this.number, change } as const;
    return this.#noted(entry, async () => {
      await work();
      for (const [key, tag] of Object.entries(change)) {
        if (tag === null) this.#known.delete(key);
        else this.#known.set(key, tag);
      }
    });
  }

  #put(): Promise<boolean> {
    const { bucket, random } = this.options;
    const [key, tag] = [this.#key(), this.#tag()];
    return this.#begun({ [key]: tag }, () =>
      this.store.put(bucket, key, bodyOf(tag), { md5: random.chance(0.3) }),
    );
  }

  #delete(): Promise<boolean> {
    const key = this.#key();
    return this.#begun({ [key]: null }, () => this.store.delete(this.options.bucket, key));
  }

  #transaction(): Promise<boolean> {
    const { bucket, random } = this.options;
    const change: Record<string, string | null> = {};
    for (let count = random.between(2, 5); count > 0; count--)
      change[this.#key()] = random.chance(0.7) ? this.#tag() : null;
    return this.#begun(change, () =>
      this.store.transaction(async (transaction) => {
        for (const [key, tag] of Object.entries(change)) {
          if (tag === null) await transaction.delete(bucket, key);
          else await transaction.put(bucket, key, bodyOf(tag));
        }
      }),
    );
  }

  #multipart(): Promise<boolean> {
    const { bucket, random } = this.options;
    const [key, tag] = [this.#key(), this.#tag()];
    const body = bodyOf(tag);
    return this.#begun({ [key]: tag }, async () => {
      const { uploadId } = await this.store.createUpload(bucket, key);
      const parts = [];
      for (let at = 0, part = 1; at < body.length; at += minPartBytes, part++) {
        const piece = body.subarray(at, at + minPartBytes);
        const put = () => this.store.putPart(bucket, key, uploadId, part, piece);
        if (random.chance(0.2)) await put(); // replaced by the next
        parts.push({ number: part, etag: (await put()).etag });
      }
      await this.store.completeUpload(bucket, key, uploadId, parts);
    });
  }

  #copy(): Promise<boolean> {
    const { bucket, random, threads = true } = this.options;
    const [from, to] = [this.#key(), this.#key()];
    const tag = this.#known.get(from);
    if (tag === undefined || from === to) return this.#put();
    return this.#begun({ [to]: tag }, async () => {
      if (!threads || random.chance(0.5)) await this.store.copy({ bucket, key: from }, bucket, to);
      else await this.#copyInParts(from, to, bodyOf(tag).length);
    });
  }

  async #copyInParts(from: string, to: string, sizeBytes: number): Promise<void> {
    const { bucket } = this.options;
    const { uploadId } = await this.store.createUpload(bucket, to);
    const range = { startBytes: 0, endBytes: sizeBytes };
    const source = { bucket, key: from, range };
    const { etag } = await this.store.copyPart(source, bucket, to, uploadId, 1);
    await this.store.completeUpload(bucket, to, uploadId, [{ number: 1, etag }]);
  }

  #claim(): Promise<boolean> {
    const { bucket, random, run } = this.options;
    const [key, tag] = [`claims/${run}-${random.below(claimCount)}`, this.#tag()];
    return this.#noted({ is: 'claimed', id: idNext++, key, tag }, () =>
      this.store.put(bucket, key, bodyOf(tag), { ifAbsent: true }),
    );
  }
}
