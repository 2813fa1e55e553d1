import { encodedBytesMax } from '../format/key-encoding.js';
import type { ConfigurationName } from '../format/mutation.js';
import { ObjectIndex } from '../index/object-index.js';
import type { AccessDocument } from './access-documents.js';
import type { Configuration, Versioning } from './configurations.js';
import type { LiveMarks } from './live-marks.js';
import { LostCommits } from './lost-commits.js';
import { Pending } from './pending.js';
import { RecentChanges } from './recent-changes.js';

export interface Bucket {
  readonly name: string;
  readonly version: number;
  readonly timeUnixMs: number;
  readonly owner: string | null;
  readonly region: string | null;
  readonly flags: number;
  readonly sequence: number;
  readonly mutation: number;
  readonly configurations: ReadonlyMap<ConfigurationName, Configuration>;
  /** As its configurations have it. */
  readonly versioning: Versioning;
}

/** The durable state of the store: what the fold of all durable commits made (SPEC.md §8). */
export interface CatalogState {
  /** Versions of objects; under K (SPEC.md §8.1). */
  readonly objects: ObjectIndex;
  /** Open uploads; a row's flags are the checksum's algorithm, and its type in the high byte. */
  readonly uploads: ObjectIndex;
  /** Parts of open uploads; a row's `expiresMs` is the part's version. */
  readonly parts: ObjectIndex;
  /**
   * Under K, of versions that have tags or a lock, or had; a row's `sizeBytes` is the end of the
   * retention, its `expiresMs` the version of what said so (SPEC.md §8.2).
   */
  readonly states: ObjectIndex;
  readonly buckets: Map<string, Bucket>;
  /** Users and policies, by kind and name. */
  readonly access: Map<string, AccessDocument>;
  /** Whether any object may expire: while false, nobody looks for expired ones. */
  someExpire: boolean;
}

/**
 * All that answers questions about what the store holds: the durable state, what is pending on top
 * of it, what is not known for damage. Only the fold changes the state.
 */
export class Catalog {
  readonly pending = new Pending();
  readonly changes = new RecentChanges();
  readonly lost = new LostCommits();
  /** While compaction runs: told of every commit that takes its place in the log. */
  marks: LiveMarks | undefined;

  constructor(public state: CatalogState = emptyState()) {}
}

export function emptyState(): CatalogState {
  return {
    objects: new ObjectIndex(),
    uploads: new ObjectIndex(),
    parts: new ObjectIndex(),
    states: new ObjectIndex(),
    buckets: new Map(),
    access: new Map(),
    someExpire: false,
  };
}

/** For the key of one call at a time; nobody keeps what is in it. */
export const keyScratch = new Uint8Array(encodedBytesMax);
