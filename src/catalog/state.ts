import { encodedBytesMax } from '../format/key-encoding.js';
import type { AccessKind, ConfigurationName } from '../format/mutation.js';
import { ObjectIndex } from '../index/object-index.js';

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

/** One document that belongs to a bucket, as it was set last. */
export interface Configuration {
  readonly value: string | Uint8Array;
  readonly version: number;
  readonly timeUnixMs: number;
  readonly sequence: number;
  readonly mutation: number;
}

/** Whether older versions of a key stay when it is written: never so far, or now, or not now. */
export type Versioning = 'off' | 'enabled' | 'suspended';

/** What was said last of one user or one policy (SPEC.md §4). */
export interface AccessDocument {
  readonly kind: AccessKind;
  readonly name: string;
  readonly value: string;
  readonly version: number;
  readonly timeUnixMs: number;
  readonly sequence: number;
  readonly mutation: number;
}

/** The one string that stands for a document of a kind. */
export function accessId(kind: AccessKind, name: string): string {
  return `${kind}/${name}`;
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
