import type { LogStoreError } from '../base/errors.js';
import type { AccessKind, Mutation } from '../format/mutation.js';
import { accessId } from './state.js';

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
export interface PendingObject {
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
  /**
   * By bucket, then by key, the place in `#objects`. Numbers, since a Map that grows leaves old
   * tables behind: with objects in them these would drag every second put into the old generation
   * of the heap, which measured as a quarter of a put's whole cost.
   */
  readonly #places = new Map<string, Map<string, number>>();
  readonly #objects: (PendingObject | undefined)[] = [];
  readonly #freePlaces: number[] = [];
  readonly #buckets = new Map<string, PendingCommit>();
  readonly #uploads = new Map<number, PendingUpload>();
  readonly #parts = new Map<string, PendingCommit>();
  readonly #access = new Map<string, PendingCommit>();

  ofObject(bucket: string, key: string): PendingObject | undefined {
    const place = this.#places.get(bucket)?.get(key);
    return place === undefined ? undefined : this.#objects[place];
  }

  /** A creation, deletion or configuration of the bucket under way. */
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

  ofAccess(kind: AccessKind, name: string): PendingCommit | undefined {
    return this.#access.get(accessId(kind, name));
  }

  /** Something under way with any upload of the bucket. */
  ofUploadsIn(bucket: string): PendingCommit | undefined {
    for (const pending of this.#uploads.values()) {
      if (pending.bucket === bucket) return pending.commit;
    }
    return undefined;
  }

  /**
   * Something under way with a key of the bucket, but removals where `removalsToo` is false: what
   * they meet there goes.
   */
  ofObjectsIn(bucket: string, removalsToo: boolean): PendingCommit | undefined {
    for (const place of this.#places.get(bucket)?.values() ?? []) {
      const pending = this.#objects[place];
      const is = pending?.commit.mutations[pending.mutationIndex]?.is;
      if (removalsToo || is !== 'deleteObject') {
        if (pending !== undefined) return pending.commit;
      }
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

  #addMutation(commit: PendingCommit, m: Mutation, mutationIndex: number): void {
    switch (m.is) {
      case 'putObject':
        this.#addObject(commit, m.bucket, m.key, mutationIndex);
        if (m.object.uploadVersion !== 0) {
          this.#uploads.set(m.object.uploadVersion, { commit, bucket: m.bucket, ends: true });
        }
        break;
      case 'deleteObject':
      case 'setObjectState':
        this.#addObject(commit, m.bucket, m.key, mutationIndex);
        break;
      case 'createBucket':
      case 'deleteBucket':
      case 'configureBucket':
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
        break;
      case 'setAccess':
        this.#access.set(accessId(m.kind, m.name), commit);
    }
  }

  #removeMutation(commit: PendingCommit, m: Mutation, mutationIndex: number): void {
    switch (m.is) {
      case 'putObject':
      case 'deleteObject':
      case 'setObjectState':
        this.#removeObject(commit, m.bucket, m.key);
        if (m.is === 'putObject' && m.object.uploadVersion !== 0) {
          this.#removeUpload(commit, m.object.uploadVersion);
        }
        break;
      case 'createBucket':
      case 'deleteBucket':
      case 'configureBucket':
        if (this.#buckets.get(m.bucket) === commit) this.#buckets.delete(m.bucket);
        if (this.#places.get(m.bucket)?.size === 0) this.#places.delete(m.bucket);
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
        break;
      case 'setAccess': {
        const id = accessId(m.kind, m.name);
        if (this.#access.get(id) === commit) this.#access.delete(id);
      }
    }
  }

  #addObject(commit: PendingCommit, bucket: string, key: string, mutationIndex: number): void {
    let ofBucket = this.#places.get(bucket);
    if (ofBucket === undefined) {
      ofBucket = new Map();
      this.#places.set(bucket, ofBucket);
    }
    let place = ofBucket.get(key);
    if (place === undefined) {
      place = this.#freePlaces.pop() ?? this.#objects.length;
      ofBucket.set(key, place);
    }
    this.#objects[place] = { commit, mutationIndex };
  }

  #removeObject(commit: PendingCommit, bucket: string, key: string): void {
    const ofBucket = this.#places.get(bucket);
    const place = ofBucket?.get(key);
    if (place === undefined || this.#objects[place]?.commit !== commit) return;
    ofBucket?.delete(key);
    this.#objects[place] = undefined;
    this.#freePlaces.push(place);
  }

  #removeUpload(commit: PendingCommit, uploadVersion: number): void {
    if (this.#uploads.get(uploadVersion)?.commit === commit) this.#uploads.delete(uploadVersion);
  }
}
