import type { Random } from '../../src/base/host.js';

/** Chance that can be repeated: the same seed gives the same numbers (mulberry32). */
export class SeededRandom implements Random {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0;
    this.word(); // neighbouring seeds part company
  }

  /** A whole number in [0, 2^32). */
  word(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** A fraction in [0, 1). */
  fraction(): number {
    return this.word() / 2 ** 32;
  }

  /** A whole number in [0, `bound`). */
  below(bound: number): number {
    return Math.floor(this.fraction() * bound);
  }

  /** A whole number in [`low`, `high`]. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  pick<T>(from: readonly [T, ...T[]] | readonly T[]): T {
    const picked = from[this.below(from.length)];
    if (picked === undefined) throw new RangeError('nothing to pick from');
    return picked;
  }

  bytes(countBytes: number): Uint8Array {
    const bytes = new Uint8Array(countBytes);
    for (let at = 0; at < countBytes; at += 4) {
      let word = this.word();
      for (let end = Math.min(at + 4, countBytes), byte = at; byte < end; byte++) {
        bytes[byte] = word;
        word >>>= 8;
      }
    }
    return bytes;
  }
}

/**
 * The seeds of a test: `count` of them from `from` on. `LOGSTORE_TEST_SEEDS` in the environment
 * sets another count for a longer run, `LOGSTORE_TEST_SEED` the one seed to repeat.
 */
export function seeds(count: number, from = 1): number[] {
  const { LOGSTORE_TEST_SEED: one, LOGSTORE_TEST_SEEDS: many } = process.env;
  if (one !== undefined) return [wholeNumber(one)];
  const length = many === undefined ? count : wholeNumber(many);
  return Array.from({ length }, (_, index) => from + index);
}

/** Runs `action` for each seed in turn; a failure names its seed. */
export async function forEachSeed(
  list: readonly number[],
  action: (seed: number) => Promise<void>,
): Promise<void> {
  for (const seed of list)
    try {
      await action(seed);
    } catch (error) {
      if (error instanceof Error) error.message = `seed ${seed}: ${error.message}`;
      throw error;
    }
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new RangeError(`'${text}' is not a count or a seed`);
  return Number(text);
}
