import type { AccessDocument } from '../catalog/state.js';
import type { AccessKind, ConfigurationName } from '../format/mutation.js';
import type { StateOptions, VersionId, VersionOptions } from './version-options.js';

export type { AccessDocument, AccessKind };

/** What decides who may use a bucket; the same object for as long as nothing of it changes. */
export interface BucketAccess {
  /** The id of its owner; null: the store's own. */
  readonly owner: string | null;
  document(name: ConfigurationName): string | undefined;
}

export interface ObjectAcl extends VersionId {
  /** As it was set; null where nothing was. */
  readonly acl: string | null;
}

/** Whose an open upload is. */
export interface UploadPeople {
  /** The grants that its object is to begin with; null where nothing was said of them. */
  readonly acl: string | null;
  /** The owner's id of who began it; undefined where that is not known. */
  readonly initiator: string | undefined;
}

/**
 * What the store keeps of who may do what. It acts upon none of it: deciding is the affair of
 * whoever serves others.
 */
export interface StoreAccess {
  /** All users, or all policies, by name. @throws LogStoreError `UNCERTAIN` */
  documents(kind: AccessKind): Promise<readonly AccessDocument[]>;
  /** Keeps one; null removes it. @throws LogStoreError `INVALID_ARGUMENT` */
  setDocument(kind: AccessKind, name: string, value: string | null): Promise<void>;
  /** At once: asked for each request. @throws LogStoreError `NO_SUCH_BUCKET`, `UNCERTAIN` */
  ofBucket(bucket: string): BucketAccess;
  objectAcl(bucket: string, key: string, options?: VersionOptions): Promise<ObjectAcl>;
  /**
   * What `objectAcl` says of versions as a listing gave them; null for one that has gone since,
   * undefined for one whose record is damaged.
   */
  listedAcls(
    bucket: string,
    listed: readonly { readonly key: string; readonly version: number }[],
  ): Promise<readonly (string | null | undefined)[]>;
  setObjectAcl(
    bucket: string,
    key: string,
    acl: string | null,
    options?: StateOptions,
  ): Promise<VersionId>;
  /** @throws LogStoreError `NO_SUCH_UPLOAD` */
  uploadPeople(bucket: string, key: string, uploadId: string): Promise<UploadPeople>;
}
