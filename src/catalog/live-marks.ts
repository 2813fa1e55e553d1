import { decodeCommitMeta } from '../format/commit.js';
import { encodeVersionKeyInto } from '../format/key-encoding.js';
import type { Ends, Mutation } from '../format/mutation.js';
import type { ObjectIndex } from '../index/object-index.js';
import { NumberSet } from './number-set.js';
import { type CatalogState, keyScratch } from './state.js';

/** What the commits of a segment hold, as far as it makes visiting them again worth it. */
export interface CommitKinds {
  /** Bytes or parts that stand in other records. */
  refers: boolean;
  putsParts: boolean;
  /** Removal stubs. */
  removes: boolean;
}

const slotsAtOnce = 20_000; // under a millisecond

/**
 * Which records live, of those numbered below `end`: commits that made something that is still
 * there, and all records that hold its bytes. Owners are counted nowhere: what the live
 * commits refer to is marked anew each time (SPEC.md §8.3).
 *
 * While marking goes on, new commits may take over what is about to lose its owner: they are told
 * of by `admitted`, from before `markIndex` until the last segment is swapped.
 */
export class LiveMarks {
  readonly #live = new NumberSet();
  /** Stubs that remove something which lies in a file; they keep nothing else alive. */
  readonly #standing = new NumberSet();

  constructor(
    private readonly state: CatalogState,
    readonly end: number,
  ) {}

  has(sequence: number): boolean {
    return this.#live.has(sequence);
  }

  /** Whether the bytes of a record have to stay: it lives, or is a stub that still removes. */
  stays(sequence: number): boolean {
    return this.#live.has(sequence) || this.#standing.has(sequence);
  }

  /**
   * First: the commits of all that is there. An entry keeps its slot for as long as it is there,
   * so what changes between two turns is either gone or newer than `end`.
   */
  async markIndex(between: () => Promise<void>): Promise<void> {
    const { objects, uploads, parts, states, buckets, access } = this.state;
    for (const { sequence } of access.values()) this.#mark(sequence);
    for (const { sequence, configurations } of buckets.values()) {
      this.#mark(sequence);
      for (const configuration of configurations.values()) this.#mark(configuration.sequence);
    }
    // What was said last of a version stays as long as the version: dropping what was said before
    // brings nothing back.
    for (const index of [objects, uploads, parts, states]) await this.#markEntries(index, between);
  }

  async #markEntries(index: ObjectIndex, between: () => Promise<void>): Promise<void> {
    for (let from = 0; from < index.slotLimit; from += slotsAtOnce) {
      const to = Math.min(from + slotsAtOnce, index.slotLimit);
      for (let slot = from; slot < to; slot++) this.#mark(index.sequenceAt(slot)); // 0: free
      await between();
    }
  }

  /** Then, for every commit below `end`, in any order: what it refers to, if it lives. */
  visit(sequence: number, meta: Uint8Array, kinds: CommitKinds): void {
    const { version, mutations } = decodeCommitMeta(meta);
    const lives = this.has(sequence);
    for (let index = 0; index < mutations.length; index++) {
      const mutation = mutations[index];
      if (mutation?.is === 'putPart') kinds.putsParts = true;
      if (mutation?.is !== 'putObject') continue;
      const { runs, parts } = mutation.object;
      if (runs.length === 0 && parts.length === 0) continue;
      kinds.refers = true;
      if (lives && this.#isThere(mutation, version + index)) this.admitted(mutation);
    }
  }

  /** Then, for every commit that puts parts: of open uploads, and of objects marked before. */
  visitParts(sequence: number, meta: Uint8Array): void {
    if (!this.has(sequence)) return;
    for (const mutation of decodeCommitMeta(meta).mutations) {
      if (mutation.is === 'putPart') this.#markRuns(mutation.part.runs);
    }
  }

  /** Records of a body whose commit is still to come. */
  markUnderWay(runs: readonly number[]): void {
    this.#markRuns(runs);
  }

  /** At last, for every stub. @param lies whether a commit of that number stands in some file */
  visitStub(sequence: number, meta: Uint8Array, lies: (sequence: number) => boolean): void {
    for (const mutation of decodeCommitMeta(meta).mutations) {
      if ('ends' in mutation && someLies(mutation.ends, lies)) this.#standing.add(sequence);
    }
  }

  /** A mutation that takes its place in the log now: what it refers to lives. */
  admitted(mutation: Mutation): void {
    if (mutation.is === 'putPart') this.#markRuns(mutation.part.runs);
    if (mutation.is !== 'putObject') return;
    const { runs, parts } = mutation.object;
    this.#markRuns(runs);
    for (let at = 1; at < parts.length; at += 4) this.#mark(parts[at] ?? 0);
  }

  #isThere({ bucket, key }: { bucket: string; key: string }, version: number): boolean {
    const length = encodeVersionKeyInto(keyScratch, bucket, key, version);
    return this.state.objects.find(keyScratch, length) >= 0;
  }

  #markRuns(runs: readonly number[]): void {
    for (let at = 0; at < runs.length; at += 4) {
      const number = runs[at] ?? 0;
      const end = number + Math.max(1, runs[at + 1] ?? 0); // count 0: bytes inside one commit
      for (let sequence = number; sequence < end; sequence++) this.#mark(sequence);
    }
  }

  #mark(sequence: number): void {
    if (sequence < this.end) this.#live.add(sequence); // others are newer than what is compacted
  }
}

function someLies(ends: Ends, lies: (sequence: number) => boolean): boolean {
  for (let at = 0; at < ends.length; at += 3) if (lies(ends[at] ?? 0)) return true;
  return false;
}
