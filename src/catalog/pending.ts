import type { LogStoreError } from '../base/errors.js';
import type { Mutation } from '../format/mutation.js';

interface End<Answer> {
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/** A commit that has its place in the log's order, and is not durable yet. */
export class PendingCommit<Answer = unknown> {
  /** Of its record; set once it has been appended. */
  sequence = 0;
  /** Settles with the commit: durable, with its answer; or failed, and nothing of it happened. */
  readonly settled: Promise<Answer>;
  #resolve: End<Answer>['resolve'] | undefined;
  #reject: End<Answer>['reject'] | undefined;

  constructor(
    readonly mutations: readonly Mutation[],
    readonly version: number,
    readonly timeUnixMs: number,
  ) {
    this.settled = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  resolve(answer: Answer): void {
    this.#resolve?.(answer);
  }

  reject(error: unknown): void {
    this.#reject?.(error);
  }

  /** Once this commit is durable, `error`; its own failure otherwise. */
  async thenRefuse(error: LogStoreError): Promise<never> {
    await this.settled;
    throw error;
  }
}

/** What the newest admitted mutation of one key will make of it. */
interface PendingObject {
  readonly commit: PendingCommit;
  readonly mutationIndex: number;
}

interface PendingUpload {
  readonly commit: PendingCommit;
  readonly bucket: string;
  /** It was completed or aborted, alone or with its bucket. */
  readonly ends: boolean;
}

/** The one string that stands for a key of a bucket; no bucket's name holds a 00. */
export function objectId(bucket: string, key: string): string {
  return `${bucket}\u0000${key}`;
}

function partId(uploadVersion: number, partNumber: number): string {
  return `${uploadVersion}/${partNumber}`;
}

/**
 * What was admitted and is not durable, on top of the index: for each key, bucket, upload and part
 * the newest mutation under way. Admission looks here first. Bounded by the log's queue.
 */
export class Pending {
  /** By bucket, then by key: neither has to be made into one string. */
  readonly #objects = new Map<string, Map<string, PendingObject>>();
  readonly #buckets = new Map<string, PendingCommit>();
  readonly #uploads = new Map<number, PendingUpload>();
  readonly #parts = new Map<string, PendingCommit>();

  ofObject(bucket: string, key: string): PendingObject | undefined {
    return this.#objects.get(bucket)?.get(key);
  }

  /** A creation or deletion of the bucket under way. */
  ofBucket(bucket: string): PendingCommit | undefined {
    return this.#buckets.size === 0 ? undefined : this.#buckets.get(bucket);
  }

  /** The last thing under way that touches the upload, or only that which ends it. */
  ofUpload(uploadVersion: number, what: 'any' | 'end'): PendingCommit | undefined {
    const pending = this.#uploads.get(uploadVersion);
    return pending === undefined || (what === 'end' && !pending.ends) ? undefined : pending.commit;
  }

  ofPart(uploadVersion: number, partNumber: number): PendingCommit | undefined {
    return this.#parts.get(partId(uploadVersion, partNumber));
  }

  /** Something under way with any upload of the bucket. */
  ofUploadsIn(bucket: string): PendingCommit | undefined {
    for (const pending of this.#uploads.values()) {
      if (pending.bucket === bucket) return pending.commit;
    }
    return undefined;
  }

  /** A put under way into the bucket that nothing under way removes again. */
  ofObjectsIn(bucket: string): PendingCommit | undefined {
    for (const { commit, mutationIndex } of this.#objects.get(bucket)?.values() ?? []) {
      if (commit.mutations[mutationIndex]?.is === 'putObject') return commit;
    }
    return undefined;
  }

  add(commit: PendingCommit): void {
    for (let index = 0; index < commit.mutations.length; index++) {
      const mutation = commit.mutations[index];
      if (mutation !== undefined) this.#addMutation(commit, mutation, index);
    }
  }

  /** The commit is durable and in the index. */
  remove(commit: PendingCommit): void {
    for (let index = 0; index < commit.mutations.length; index++) {
      const mutation = commit.mutations[index];
      if (mutation !== undefined) this.#removeMutation(commit, mutation, index);
    }
  }

  /** The log failed: nothing under way will ever happen. */
  clear(): void {
    this.#objects.clear();
    this.#buckets.clear();
    this.#uploads.clear();
    this.#parts.clear();
  }

  #addMutation(commit: PendingCommit, m: Mutation, mutationIndex: number): void {
    switch (m.is) {
      case 'putObject':
        this.#addObject(commit, m.bucket, m.key, mutationIndex);
        if (m.object.uploadVersion !== 0) {
          this.#uploads.set(m.object.uploadVersion, { commit, bucket: m.bucket, ends: true });
        }
        break;
      case 'deleteObject':
        this.#addObject(commit, m.bucket, m.key, mutationIndex);
        break;
      case 'createBucket':
      case 'deleteBucket':
        this.#buckets.set(m.bucket, commit);
        break;
      case 'createUpload': {
        const version = commit.version + mutationIndex;
        this.#uploads.set(version, { commit, bucket: m.bucket, ends: false });
        break;
      }
      case 'putPart':
        this.#uploads.set(m.uploadVersion, { commit, bucket: m.bucket, ends: false });
        this.#parts.set(partId(m.uploadVersion, m.partNumber), commit);
        break;
      case 'abortUpload':
        this.#uploads.set(m.uploadVersion, { commit, bucket: m.bucket, ends: true });
    }
  }

  #removeMutation(commit: PendingCommit, m: Mutation, mutationIndex: number): void {
    switch (m.is) {
      case 'putObject':
      case 'deleteObject':
        this.#removeObject(commit, m.bucket, m.key);
        if (m.is === 'putObject' && m.object.uploadVersion !== 0) {
          this.#removeUpload(commit, m.object.uploadVersion);
        }
        break;
      case 'createBucket':
      case 'deleteBucket':
        if (this.#buckets.get(m.bucket) === commit) this.#buckets.delete(m.bucket);
        if (this.#objects.get(m.bucket)?.size === 0) this.#objects.delete(m.bucket);
        break;
      case 'createUpload':
        this.#removeUpload(commit, commit.version + mutationIndex);
        break;
      case 'putPart': {
        const id = partId(m.uploadVersion, m.partNumber);
        if (this.#parts.get(id) === commit) this.#parts.delete(id);
        this.#removeUpload(commit, m.uploadVersion);
        break;
      }
      case 'abortUpload':
        this.#removeUpload(commit, m.uploadVersion);
    }
  }

  #addObject(commit: PendingCommit, bucket: string, key: string, mutationIndex: number): void {
    let ofBucket = this.#objects.get(bucket);
    if (ofBucket === undefined) {
      ofBucket = new Map();
      this.#objects.set(bucket, ofBucket);
    }
    ofBucket.set(key, { commit, mutationIndex });
  }

  #removeObject(commit: PendingCommit, bucket: string, key: string): void {
    const ofBucket = this.#objects.get(bucket);
    if (ofBucket?.get(key)?.commit === commit) ofBucket.delete(key);
  }

  #removeUpload(commit: PendingCommit, uploadVersion: number): void {
    if (this.#uploads.get(uploadVersion)?.commit === commit) this.#uploads.delete(uploadVersion);
  }
}
