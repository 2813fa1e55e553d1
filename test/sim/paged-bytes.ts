const PAGE_BYTES = 4096;
const ZERO_PAGE = new Uint8Array(PAGE_BYTES);

/**
 * The bytes of a file. Pages are never changed once they stand here, so that images share them and
 * a copy is cheap; a page of zeros takes no room.
 */
export class PagedBytes {
  readonly #pages = new Map<number, Uint8Array>();
  #sizeBytes = 0;

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  clone(): PagedBytes {
    const copy = new PagedBytes();
    for (const [index, page] of this.#pages) copy.#pages.set(index, page);
    copy.#sizeBytes = this.#sizeBytes;
    return copy;
  }

  /** Fills `into` as far as the file goes; the count of bytes filled. */
  read(into: Uint8Array, offset: number): number {
    const count = Math.max(0, Math.min(into.length, this.#sizeBytes - offset));
    eachPage(offset, count, (index, start, end, done) => {
      const page = this.#pages.get(index) ?? ZERO_PAGE;
      into.set(page.subarray(start, end), done);
    });
    return count;
  }

  all(): Uint8Array {
    const bytes = new Uint8Array(this.#sizeBytes);
    this.read(bytes, 0);
    return bytes;
  }

  write(offset: number, bytes: Uint8Array): void {
    eachPage(offset, bytes.length, (index, start, end, done) => {
      const piece = bytes.subarray(done, done + end - start);
      if (piece.length === PAGE_BYTES && isZeros(piece)) this.#pages.delete(index);
      else this.#pages.set(index, this.#changedPage(index, start, piece));
    });
    this.#sizeBytes = Math.max(this.#sizeBytes, offset + bytes.length);
  }

  writeZeros(offset: number, countBytes: number): void {
    eachPage(offset, countBytes, (index, start, end) => {
      if (end - start === PAGE_BYTES) this.#pages.delete(index);
      else if (this.#pages.has(index))
        this.#pages.set(index, this.#changedPage(index, start, ZERO_PAGE.subarray(start, end)));
    });
    this.#sizeBytes = Math.max(this.#sizeBytes, offset + countBytes);
  }

  resize(sizeBytes: number): void {
    if (sizeBytes < this.#sizeBytes) this.writeZeros(sizeBytes, this.#sizeBytes - sizeBytes);
    this.#sizeBytes = sizeBytes;
  }

  #changedPage(index: number, start: number, piece: Uint8Array): Uint8Array {
    const page = Uint8Array.from(this.#pages.get(index) ?? ZERO_PAGE);
    page.set(piece, start);
    return page;
  }
}

export function isZeros(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0 || bytes[bytes.length - 1] !== 0) return bytes.length === 0;
  for (let at = 0; at < bytes.length; at += PAGE_BYTES) {
    const piece = bytes.subarray(at, at + PAGE_BYTES);
    if (Buffer.compare(piece, ZERO_PAGE.subarray(0, piece.length)) !== 0) return false;
  }
  return true;
}

/** Calls `action` with each page that a range touches, and how many bytes of it came before. */
function eachPage(
  offset: number,
  countBytes: number,
  action: (index: number, start: number, end: number, done: number) => void,
): void {
  for (let done = 0; done < countBytes; ) {
    const index = Math.floor((offset + done) / PAGE_BYTES);
    const start = offset + done - index * PAGE_BYTES;
    const end = Math.min(PAGE_BYTES, start + countBytes - done);
    action(index, start, end, done);
    done += end - start;
  }
}
