import { getU32, getU64, setU32, setU64 } from '../format/byte-order.js';

/** A commit on its way to the sealer: the number of its record and its meta. */
export interface FedCommit {
  readonly sequence: number;
  /** A view. */
  readonly meta: Uint8Array;
}

const headBytes = 12;

/** Commits one behind the other, each `u64 sequence | u32 bytes | meta`; to be sent at once. */
export class CommitChunk {
  #bytes: Uint8Array<ArrayBuffer>;
  #used = 0;

  constructor(sizeBytes: number) {
    this.#bytes = new Uint8Array(sizeBytes);
  }

  get usedBytes(): number {
    return this.#used;
  }

  /** Whether it had room. A chunk that is empty takes any commit. */
  add(sequence: number, meta: Uint8Array): boolean {
    const end = this.#used + headBytes + meta.length;
    if (end > this.#bytes.length) {
      if (this.#used > 0) return false;
      this.#bytes = new Uint8Array(end);
    }
    setU64(this.#bytes, this.#used, sequence);
    setU32(this.#bytes, this.#used + 8, meta.length);
    this.#bytes.set(meta, this.#used + headBytes);
    this.#used = end;
    return true;
  }

  /** All of it; the chunk is not to be used any more. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#used);
  }
}

/** Commits that were given and are in no map yet, in order. */
export class UnsealedCommits {
  readonly #chunks: Uint8Array[] = [];
  /** What of the first chunk was taken out. */
  #taken = 0;

  /** @param chunk of whole commits; it becomes the queue's */
  add(chunk: Uint8Array): void {
    if (chunk.length > 0) this.#chunks.push(chunk);
  }

  /** Takes the next commit out, if its number is below `sequence`. */
  takeBelow(sequence: number): FedCommit | undefined {
    const chunk = this.#chunks[0];
    const at = this.#taken;
    if (chunk === undefined || getU64(chunk, at) >= sequence) return undefined;
    const end = at + headBytes + getU32(chunk, at + 8);
    this.#taken = end;
    if (end === chunk.length) {
      this.#chunks.shift();
      this.#taken = 0;
    }
    return { sequence: getU64(chunk, at), meta: chunk.subarray(at + headBytes, end) };
  }

  clear(): void {
    this.#chunks.length = 0;
    this.#taken = 0;
  }
}
