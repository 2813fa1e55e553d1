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

export function* fedCommits(bytes: Uint8Array): Generator<FedCommit> {
  for (let at = 0; at < bytes.length; ) {
    const start = at + headBytes;
    const end = start + getU32(bytes, at + 8);
    yield { sequence: getU64(bytes, at), meta: bytes.subarray(start, end) };
    at = end;
  }
}
