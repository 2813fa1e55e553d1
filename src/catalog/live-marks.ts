import { decodeCommitMeta } from '../format/commit.js';
import { encodeVersionKeyInto } from '../format/key-encoding.js';
import type { Mutation } from '../format/mutation.js';
import { type CatalogState, keyScratch } from './catalog.js';
import { encodePartKeyInto, encodeUploadKeyInto } from './upload-keys.js';

/**
 * Which records live, one bit for each number below `end`: commits that made something that is
 * still there, and all records that hold its bytes. Owners are counted nowhere: what the live
 * commits refer to is marked anew each time (SPEC.md §8.3).
 *
 * While marking goes on, new commits may take over what is about to lose its owner: they are told
 * of by `admitted`, from before the first visit until the last segment is swapped.
 */
export class LiveMarks {
  readonly #bits: Uint8Array;

  constructor(
    private readonly state: CatalogState,
    readonly end: number,
  ) {
    this.#bits = new Uint8Array(Math.ceil(end / 8));
  }

  has(sequence: number): boolean {
    return ((this.#bits[sequence >> 3] ?? 0) & (1 << (sequence & 7))) !== 0;
  }

  /** First, for every commit below `end`, in any order. @returns whether it puts parts */
  visit(sequence: number, meta: Uint8Array): boolean {
    const { version, mutations } = decodeCommitMeta(meta);
    let puts = false;
    for (let index = 0; index < mutations.length; index++) {
      const mutation = mutations[index];
      if (mutation === undefined) continue;
      puts ||= mutation.is === 'putPart';
      if (!this.#lives(mutation, version + index)) continue;
      this.#mark(sequence);
      if (mutation.is === 'putObject') this.admitted(mutation);
    }
    return puts;
  }

  /** Then, for every commit that puts parts: those of open uploads, and of marked objects. */
  visitParts(sequence: number, meta: Uint8Array): void {
    for (const mutation of decodeCommitMeta(meta).mutations) {
      if (mutation.is !== 'putPart') continue;
      if (!this.has(sequence) && !this.#isOpenPart(mutation, sequence)) continue;
      this.#mark(sequence);
      this.#markRuns(mutation.part.runs);
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

  #lives(mutation: Mutation, version: number): boolean {
    const { objects, uploads, buckets } = this.state;
    switch (mutation.is) {
      case 'putObject': {
        const { bucket, key } = mutation;
        return (
          objects.find(keyScratch, encodeVersionKeyInto(keyScratch, bucket, key, version)) >= 0
        );
      }
      case 'createUpload': {
        const { bucket, key } = mutation;
        return uploads.find(keyScratch, encodeUploadKeyInto(keyScratch, bucket, key, version)) >= 0;
      }
      case 'createBucket':
        return buckets.get(mutation.bucket)?.version === version;
      default:
        return false; // parts come later; the others create nothing
    }
  }

  #isOpenPart(
    { uploadVersion, partNumber }: { uploadVersion: number; partNumber: number },
    sequence: number,
  ): boolean {
    const { parts } = this.state;
    const slot = parts.find(keyScratch, encodePartKeyInto(keyScratch, uploadVersion, partNumber));
    return slot >= 0 && parts.sequenceAt(slot) === sequence;
  }

  #markRuns(runs: readonly number[]): void {
    for (let at = 0; at < runs.length; at += 4) {
      const number = runs[at] ?? 0;
      const end = number + Math.max(1, runs[at + 1] ?? 0); // count 0: bytes inside one commit
      for (let sequence = number; sequence < end; sequence++) this.#mark(sequence);
    }
  }

  #mark(sequence: number): void {
    if (sequence >= this.end) return; // newer than what is compacted
    this.#bits[sequence >> 3] = (this.#bits[sequence >> 3] ?? 0) | (1 << (sequence & 7));
  }
}
