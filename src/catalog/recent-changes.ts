/** Beyond this many changed names an open transaction has met too much to be worth tracking. */
const changesMax = 100_000;

/**
 * Which keys and buckets changed while transactions are open: what a transaction reads must not
 * have changed since it began. Nothing is kept while none is open.
 */
export class RecentChanges {
  readonly #changes = new Map<string, number>(); // name -> count of all changes at its last one
  #count = 0;
  #openCount = 0;
  /** Transactions that began before this count of changes have lost track of some. */
  #forgottenBelow = 0;

  /** @returns the point in time to ask `changedSince` about */
  begin(): number {
    this.#openCount++;
    return this.#count;
  }

  end(): void {
    this.#openCount--;
    if (this.#openCount === 0) this.#changes.clear();
  }

  get watched(): boolean {
    return this.#openCount > 0;
  }

  note(name: string): void {
    if (this.#openCount === 0) return;
    if (this.#changes.size >= changesMax) {
      this.#changes.clear();
      this.#forgottenBelow = this.#count + 1;
    }
    this.#changes.set(name, ++this.#count);
  }

  changedSince(begin: number, name: string): boolean {
    return begin < this.#forgottenBelow || (this.#changes.get(name) ?? 0) > begin;
  }
}
