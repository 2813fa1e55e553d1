import { accessDocuments, admitAccess } from '../catalog/access-documents.js';
import { bucketOf, type Catalog } from '../catalog/catalog.js';
import { PendingCommit } from '../catalog/pending.js';
import type { AccessDocument, Bucket } from '../catalog/state.js';
import type { AccessKind } from '../format/mutation.js';
import type { BucketAccess, ObjectAcl, StoreAccess, UploadPeople } from './access-types.js';
import type { Committer } from './committer.js';
import type { ObjectStates } from './object-states.js';
import type { Operations } from './operations.js';
import type { Uploads } from './uploads.js';
import type { VersionId, VersionOptions } from './version-options.js';

/** Users, policies and grants: kept like all else, acted upon by others. */
export class Access implements StoreAccess {
  /** By the bucket as it stands: a changed one is another object. */
  readonly #ofBuckets = new WeakMap<Bucket, BucketAccess>();

  constructor(
    private readonly catalog: Catalog,
    private readonly committer: Committer,
    private readonly states: ObjectStates,
    private readonly uploads: Uploads,
    private readonly running: Operations,
  ) {}

  documents(kind: AccessKind): Promise<readonly AccessDocument[]> {
    return this.running.run(async () => accessDocuments(this.catalog, kind));
  }

  setDocument(kind: AccessKind, name: string, value: string | null): Promise<void> {
    const attempt = () => {
      const mutation = admitAccess(this.catalog, kind, name, value);
      if (mutation instanceof PendingCommit) return mutation;
      if (mutation === undefined) return Promise.resolve();
      return this.committer.commit(this.committer.nowUnixMs(), [mutation], () => undefined);
    };
    return this.running.run(() => this.committer.admit(attempt));
  }

  ofBucket(name: string): BucketAccess {
    this.running.checkOpen();
    const bucket = bucketOf(this.catalog, name);
    const known = this.#ofBuckets.get(bucket);
    if (known !== undefined) return known;
    const access = accessOf(bucket);
    this.#ofBuckets.set(bucket, access);
    return access;
  }

  objectAcl(bucket: string, key: string, options?: VersionOptions): Promise<ObjectAcl> {
    return this.running.run(() => this.states.acl(bucket, key, options));
  }

  readonly listedAcls: StoreAccess['listedAcls'] = (...call) =>
    this.running.run(() => this.states.listedAcls(...call));

  setObjectAcl(
    bucket: string,
    key: string,
    acl: string | null,
    options?: VersionOptions,
  ): Promise<VersionId> {
    return this.running.run(() => this.states.setAcl(bucket, key, acl, options));
  }

  uploadPeople(bucket: string, key: string, uploadId: string): Promise<UploadPeople> {
    return this.running.run(() => this.uploads.people(bucket, key, uploadId));
  }
}

function accessOf({ owner, configurations }: Bucket): BucketAccess {
  return {
    owner,
    document: (name) => {
      const value = configurations.get(name)?.value;
      return value === undefined ? undefined : textOf(value);
    },
  };
}

function textOf(value: string | Uint8Array): string {
  return typeof value === 'string' ? value : Buffer.from(value).toString();
}
