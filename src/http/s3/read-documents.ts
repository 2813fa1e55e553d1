/** Documents have 128 KiB at most, and what is read of one some times its text. */
const keptCharactersMax = 4 * 1024 ** 2;

/**
 * Documents of buckets, read: those that anybody's requests ask for are not read each time.
 * @param read of a document as it is kept
 */
export class ReadDocuments<T> {
  readonly #known = new Map<string, T>();
  #keptCharacters = 0;

  constructor(private readonly read: (document: Uint8Array) => T) {}

  of(document: string): T {
    const known = this.#known.get(document);
    if (known !== undefined) return known;
    const found = this.read(Buffer.from(document));
    this.#known.set(document, found);
    this.#keptCharacters += document.length;
    for (const oldest of this.#known.keys()) {
      if (this.#keptCharacters <= keptCharactersMax) break;
      this.#known.delete(oldest);
      this.#keptCharacters -= oldest.length;
    }
    return found;
  }

  get count(): number {
    return this.#known.size;
  }
}
