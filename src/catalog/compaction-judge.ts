import { decodeCommit, encodeCommit } from '../format/commit.js';
import type { Ends, Mutation } from '../format/mutation.js';
import type { RewriteJudge, Verdict } from '../log/rewrite.js';
import type { LiveMarks } from './live-marks.js';

/** What the judge asks of its surroundings. */
export interface Surroundings {
  /** Whether a commit (no stub) of this number stands in a segment that is not being rewritten. */
  liesElsewhere(sequence: number): boolean;
  /** Whether this record's segment is being rewritten. */
  isRewritten(sequence: number): boolean;
  /** Whether nothing in the file is marked. */
  isAllDead(fileId: number): boolean;
}

/**
 * Decides what compaction keeps (SPEC.md §8.3): what is marked, as it is; of the rest only the
 * removals of what still lies somewhere, as stubs.
 */
export class CompactionJudge implements RewriteJudge {
  /** The highest number of a removal that is gone, wholly or in part. */
  removalDroppedMax = 0;

  constructor(
    private readonly marks: LiveMarks,
    private readonly surroundings: Surroundings,
    readonly syncBytes: number,
  ) {}

  keepsData(sequence: number): boolean {
    return this.marks.has(sequence);
  }

  isAllDead(fileId: number): boolean {
    return this.surroundings.isAllDead(fileId);
  }

  verdict(sequence: number, payload: Uint8Array, isStub: boolean): Verdict {
    if (!isStub && this.marks.has(sequence)) return 'keep';
    const { timeUnixMs, version, mutations } = decodeCommit(payload);
    const removals = mutations.flatMap((mutation) => this.#removals(mutation));
    const before = mutations.reduce((count, mutation) => count + endsOf(mutation).length, 0);
    const after = mutations.reduce((count, mutation) => count + this.#standing(mutation).length, 0);
    if (after < before) this.removalDroppedMax = Math.max(this.removalDroppedMax, sequence);
    else if (isStub) return 'keep';
    if (removals.length === 0) return 'drop';
    return { stub: encodeCommit({ timeUnixMs, version, mutations: removals }) };
  }

  /** Of what a mutation ends: that which would come back without it. */
  #standing(mutation: Mutation): Ends {
    const standing: number[] = [];
    const ends = endsOf(mutation);
    for (let at = 0; at < ends.length; at += 3) {
      const [sequence = 0, index = 0, version = 0] = ends.slice(at, at + 3);
      if (this.#lies(sequence)) standing.push(sequence, index, version);
    }
    return standing;
  }

  #lies(sequence: number): boolean {
    // A commit that is rewritten stays a commit only where it is marked: a stub creates nothing.
    if (this.surroundings.isRewritten(sequence)) return this.marks.has(sequence);
    return this.surroundings.liesElsewhere(sequence);
  }

  /** What is left of a mutation that created nothing that lives. */
  #removals(mutation: Mutation): Mutation[] {
    const ends = this.#standing(mutation);
    if (ends.length === 0) return [];
    switch (mutation.is) {
      case 'putObject': {
        const { bucket, key } = mutation;
        const { uploadVersion } = mutation.object;
        const replaced: Mutation = { is: 'deleteObject', bucket, key, ends, reason: 0 };
        if (uploadVersion === 0) return [replaced];
        return [replaced, { is: 'abortUpload', bucket, key, uploadVersion, ends }];
      }
      case 'putPart': {
        const { bucket, key, uploadVersion } = mutation;
        return [{ is: 'abortUpload', bucket, key, uploadVersion, ends }];
      }
      case 'deleteObject':
      case 'abortUpload':
      case 'deleteBucket':
        return [{ ...mutation, ends }];
      case 'configureBucket':
      case 'setAccess':
        return [{ ...mutation, value: null, ends }];
      case 'setObjectState':
      case 'createBucket':
      case 'createUpload':
        return [];
    }
  }
}

const noEnds: Ends = [];

function endsOf(mutation: Mutation): Ends {
  return 'ends' in mutation ? mutation.ends : noEnds;
}
