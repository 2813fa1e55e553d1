const digestBytes = 32;
const chunkShift = 15; // 1 MiB a chunk
const chunkMask = 2 ** chunkShift - 1;
const itemsFirst = 64;

/** Hashes of 32 bytes by number, in chunks: growth copies nothing but a small first chunk. */
export class DigestTable {
  readonly #chunks: Uint8Array[] = [];
  #capacity = 0;

  /** Makes room for items 0 to itemCount - 1; new ones are zeros. */
  reserve(itemCount: number): void {
    while (this.#capacity < itemCount) this.#grow();
  }

  set(item: number, digest: Uint8Array): void {
    const chunk = this.#chunks[item >>> chunkShift] as Uint8Array;
    chunk.set(digest, (item & chunkMask) * digestBytes);
  }

  /** Where it lies: valid until it is set again or the table grows. */
  view(item: number): Uint8Array {
    const at = (item & chunkMask) * digestBytes;
    return (this.#chunks[item >>> chunkShift] as Uint8Array).subarray(at, at + digestBytes);
  }

  copy(item: number, into: Uint8Array, at: number): void {
    const chunk = this.#chunks[item >>> chunkShift] as Uint8Array;
    const from = (item & chunkMask) * digestBytes;
    for (let i = 0; i < digestBytes; i++) into[at + i] = chunk[from + i] as number;
  }

  #grow(): void {
    const first = this.#chunks[0];
    if (this.#capacity > chunkMask) {
      this.#chunks.push(new Uint8Array((chunkMask + 1) * digestBytes));
      this.#capacity += chunkMask + 1;
      return;
    }
    this.#capacity = Math.max(itemsFirst, this.#capacity * 2);
    const grown = new Uint8Array(this.#capacity * digestBytes);
    if (first !== undefined) grown.set(first);
    this.#chunks[0] = grown;
  }
}
