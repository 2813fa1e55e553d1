import { DigestTable } from './digest-table.js';
import { WordTable } from './word-table.js';

const chunkShift = 16;
const chunkMask = 2 ** chunkShift - 1;

/** What is remembered of a leaf whose record was replaced while its key stayed. */
export interface Restated {
  /** Hash of the record that it came with. */
  readonly firstRecord: Uint8Array;
  /** Version of the change that replaced it last. */
  readonly change: number;
}

/** Few leaves were restated; they take 44 bytes each beside the word that names their item. */
export class RestatedTable {
  readonly #firstRecords = new DigestTable();
  readonly #changes = new WordTable(2, chunkShift); // the lower word first; of a free item the next
  #limit = 0;
  #free = 0; // 1 + the first free item, 0 if none

  /** The item, for free(). */
  add({ firstRecord, change }: Restated): number {
    let item = this.#free - 1;
    if (item >= 0) this.#free = this.#word(item, 0);
    else {
      item = this.#limit++;
      this.#firstRecords.reserve(item + 1);
      this.#changes.reserve(item + 1);
    }
    this.#firstRecords.set(item, firstRecord);
    this.#setWord(item, 0, change % 2 ** 32);
    this.#setWord(item, 1, change / 2 ** 32);
    return item;
  }

  at(item: number): Restated {
    const change = (this.#word(item, 0) >>> 0) + 2 ** 32 * this.#word(item, 1);
    return { firstRecord: this.#firstRecords.view(item).slice(), change };
  }

  free(item: number): void {
    this.#setWord(item, 0, this.#free);
    this.#free = item + 1;
  }

  #word(item: number, word: number): number {
    const words = this.#changes.chunks[item >>> chunkShift] as Int32Array;
    return words[2 * (item & chunkMask) + word] as number;
  }

  #setWord(item: number, word: number, value: number): void {
    const words = this.#changes.chunks[item >>> chunkShift] as Int32Array;
    words[2 * (item & chunkMask) + word] = value;
  }
}
