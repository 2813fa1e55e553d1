const pageBits = 2 ** 16;

/** A set of sequence numbers: a bit each, in pages that are made where something is set. */
export class NumberSet {
  readonly #pages: (Uint8Array | undefined)[] = [];

  add(number: number): void {
    const index = Math.floor(number / pageBits); // numbers pass 2^31 one day: no shift
    let page = this.#pages[index];
    if (page === undefined) {
      page = new Uint8Array(pageBits / 8);
      this.#pages[index] = page;
    }
    const bit = number % pageBits;
    page[bit >> 3] = (page[bit >> 3] ?? 0) | (1 << (bit & 7));
  }

  has(number: number): boolean {
    const page = this.#pages[Math.floor(number / pageBits)];
    const bit = number % pageBits;
    return page !== undefined && ((page[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0;
  }
}
