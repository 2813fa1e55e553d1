const keptMax = 256;

/**
 * Documents of buckets, read: those that anybody's requests ask for are not read each time.
 * @param read of a document as it is kept
 */
export class ReadDocuments<T> {
  readonly #known = new Map<string, T>();

  constructor(private readonly read: (document: Uint8Array) => T) {}

  of(document: string): T {
    const known = this.#known.get(document);
    if (known !== undefined) return known;
    const found = this.read(Buffer.from(document));
    const [oldest] = this.#known.keys();
    if (this.#known.size >= keptMax && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(document, found);
    return found;
  }
}
