import { isLogStoreError } from '../../src/base/errors.js';
import type { Store } from '../../src/store/types.js';
import { isBodyOf, tagOf } from './tagged-body.js';

/** What one operation makes of some keys: the tag of each key's content, null where it goes. */
export type Change = Readonly<Record<string, string | null>>;

/** One line of a writer's journal: an operation begins, or its answer is there. */
export type Entry =
  | { readonly is: 'begun'; readonly id: number; readonly writer: number; readonly change: Change }
  /** A claim may succeed for one of all who try. */
  | { readonly is: 'claimed'; readonly id: number; readonly key: string; readonly tag: string }
  | { readonly is: 'acknowledged'; readonly id: number }
  /** It is certain that nothing of it has happened. */
  | { readonly is: 'refused'; readonly id: number };

export interface Verdict {
  /** Keys that were acknowledged and are not there, or are there as they were before. */
  readonly lost: readonly string[];
  /** Keys whose bytes nobody wrote there, that cannot be read, or transactions done in part. */
  readonly wrong: readonly string[];
  /** Keys that came back after their removal was acknowledged. */
  readonly resurrected: readonly string[];
}

interface WriterState {
  certain: Map<string, string>;
  /** Operations without an answer: at most one of them has happened. */
  readonly open: Map<number, Change>;
}

interface Claim {
  won: string | undefined;
  readonly open: Map<number, string>;
}

/**
 * What writers began and what was acknowledged to them, and so what a store may hold after a
 * crash. Each writer has keys of its own and one operation at a time; claims are anybody's.
 */
export class JournalOfWrites {
  readonly #writers = new Map<number, WriterState>();
  readonly #claims = new Map<string, Claim>();
  readonly #writerOf = new Map<number, number>();
  readonly #claimOf = new Map<number, string>();
  readonly #wrongAnswers: string[] = [];
  acknowledgedCount = 0;

  note(entry: Entry): void {
    switch (entry.is) {
      case 'begun':
        this.#writerOf.set(entry.id, entry.writer);
        this.#writer(entry.writer).open.set(entry.id, entry.change);
        break;
      case 'claimed': {
        const claim = this.#claims.get(entry.key) ?? { won: undefined, open: new Map() };
        this.#claims.set(entry.key, claim);
        claim.open.set(entry.id, entry.tag);
        this.#claimOf.set(entry.id, entry.key);
        break;
      }
      case 'acknowledged':
        this.acknowledgedCount++;
        this.#settle(entry.id, true);
        break;
      case 'refused':
        this.#settle(entry.id, false);
    }
  }

  #writer(number: number): WriterState {
    const known = this.#writers.get(number);
    if (known !== undefined) return known;
    const made = { certain: new Map(), open: new Map() };
    this.#writers.set(number, made);
    return made;
  }

  #settle(id: number, happened: boolean): void {
    const key = this.#claimOf.get(id);
    const claim = key === undefined ? undefined : this.#claims.get(key);
    if (claim !== undefined) {
      const tag = claim.open.get(id);
      claim.open.delete(id);
      if (!happened) return;
      if (claim.won !== undefined) this.#wrongAnswers.push(`${key} was given twice`);
      claim.won = tag;
      return;
    }
    const writer = this.#writer(this.#writerOf.get(id) ?? -1);
    const change = writer.open.get(id);
    writer.open.delete(id);
    if (!happened || change === undefined) return;
    writer.certain = applied(writer.certain, change);
    writer.open.clear(); // what failed before did not happen: the log went on without it
  }

  /** How many keys are certain to be there. */
  get certainCount(): number {
    let count = 0;
    for (const { certain } of this.#writers.values()) count += certain.size;
    for (const { won } of this.#claims.values()) if (won !== undefined) count++;
    return count;
  }

  /**
   * Compares a store that was just opened with what it may hold. From then on what it served is
   * certain.
   */
  async check(store: Store, bucket: string): Promise<Verdict> {
    const { contents, unreadable } = await contentsOf(store, bucket);
    return this.compare(contents, unreadable);
  }

  /** As `check`, of what else keeps values under names: those of writer 3 begin with `w3/`. */
  compare(contents: ReadonlyMap<string, string>, unreadable: readonly string[] = []): Verdict {
    const verdict = {
      lost: [] as string[],
      wrong: [...this.#wrongAnswers, ...unreadable],
      resurrected: [] as string[],
    };
    this.#wrongAnswers.length = 0;
    for (const [number, writer] of this.#writers) {
      const own = ownedBy(contents, `w${number}/`);
      const fits = [writer.certain, ...candidatesOf(writer)].find((each) => same(each, own));
      if (fits === undefined) tellApart(writer, own, verdict);
      writer.certain = own;
      writer.open.clear();
    }
    for (const [key, claim] of this.#claims) {
      const found = contents.get(key);
      const { won, open } = claim;
      const fits = won === undefined ? found === undefined : found === won;
      const mayBe = won === undefined && found !== undefined && [...open.values()].includes(found);
      if (!fits && !mayBe) (found === undefined ? verdict.lost : verdict.wrong).push(key);
      claim.won = found;
      open.clear();
    }
    this.#writerOf.clear(); // the writers of the next process number anew
    this.#claimOf.clear();
    return verdict;
  }
}

function applied(before: ReadonlyMap<string, string>, change: Change): Map<string, string> {
  const after = new Map(before);
  for (const [key, tag] of Object.entries(change)) {
    if (tag === null) after.delete(key);
    else after.set(key, tag);
  }
  return after;
}

function candidatesOf({ certain, open }: WriterState): Map<string, string>[] {
  return [...open.values()].map((change) => applied(certain, change));
}

function tellApart(
  writer: WriterState,
  own: ReadonlyMap<string, string>,
  verdict: { lost: string[]; wrong: string[]; resurrected: string[] },
): void {
  const candidates = candidatesOf(writer);
  const before = verdict.lost.length + verdict.wrong.length + verdict.resurrected.length;
  for (const key of new Set([...writer.certain.keys(), ...own.keys()])) {
    const found = own.get(key);
    const expected = writer.certain.get(key);
    if (found === expected || candidates.some((each) => each.get(key) === found)) continue;
    if (expected === undefined) verdict.resurrected.push(key);
    else verdict.lost.push(`${key}: ${found ?? 'gone'} instead of ${expected}`);
  }
  const after = verdict.lost.length + verdict.wrong.length + verdict.resurrected.length;
  if (after === before) verdict.wrong.push(`a transaction was done in part: ${[...own.keys()]}`);
}

function ownedBy(contents: ReadonlyMap<string, string>, prefix: string): Map<string, string> {
  return new Map([...contents].filter(([key]) => key.startsWith(prefix)));
}

function same(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([key, tag]) => b.get(key) === tag);
}

/** The tag of every object that the store lists, after reading and checking all its bytes. */
async function contentsOf(store: Store, bucket: string) {
  const contents = new Map<string, string>();
  const unreadable: string[] = [];
  for await (const { key } of store.objects(bucket)) {
    try {
      const bytes = await store.getBytes(bucket, key);
      const tag = tagOf(bytes);
      if (tag === undefined || !isBodyOf(tag, bytes)) unreadable.push(`${key} has bytes of nobody`);
      else contents.set(key, tag);
    } catch (error) {
      if (!isLogStoreError(error)) throw error;
      unreadable.push(`${key}: ${error.code}`);
    }
  }
  return { contents, unreadable };
}
