import { isLogStoreError, LogStoreError } from '../base/errors.js';
import { bucketOf, type Catalog, versioningIn } from '../catalog/catalog.js';
import { checkKey } from '../catalog/keys.js';
import { lockOn, type StateFacts, stateFactsOf } from '../catalog/object-states.js';
import { currentSlot } from '../catalog/objects.js';
import type { PendingCommit } from '../catalog/pending.js';
import { slotOfVersion, versionIdOf } from '../catalog/versions.js';
import type { StateAspect } from '../format/mutation.js';
import { lockModes, noState, type ObjectState } from '../format/object-state.js';
import type { LogPin } from '../log/types.js';
import type { ObjectAcl, StoreAccess } from './access-types.js';
import type { BodyReader } from './body-reader.js';
import { type Commits, objectStateAt } from './commits.js';
import type { Committer } from './committer.js';
import type { LockTime } from './lock-time.js';
import { aclField, retentionFields, tagFields, tagsOfFields } from './object-state.js';
import type { Objects } from './objects.js';
import type {
  LegalHold,
  ObjectTags,
  Retention,
  RetentionOptions,
  StateOptions,
  Tags,
  VersionId,
  VersionOptions,
} from './version-options.js';

type Attempt =
  | { readonly is: 'done'; readonly versionId: string | undefined }
  /** What stands so far must be read first. */
  | { readonly is: 'unread'; readonly facts: StateFacts };

/** Tags, grants, retention and legal hold of versions. */
export class ObjectStates {
  constructor(
    private readonly catalog: Catalog,
    private readonly committer: Committer,
    private readonly commits: Commits,
    private readonly objects: Objects,
    private readonly reader: BodyReader,
    private readonly lockTime: LockTime,
  ) {}

  async tags(bucket: string, key: string, { versionId }: VersionOptions = {}): Promise<ObjectTags> {
    const pin = this.reader.pin();
    try {
      const found = await this.objects.find(bucket, key, versionId, pin);
      const { tags } = await this.objects.stateOf(found, pin);
      return { tags: tagsOfFields(tags), versionId: found.info.versionId };
    } finally {
      pin.release();
    }
  }

  async legalHold(
    bucket: string,
    key: string,
    { versionId }: VersionOptions = {},
  ): Promise<LegalHold> {
    const pin = this.reader.pin();
    try {
      const found = await this.objects.find(bucket, key, versionId, pin);
      const { legalHold } = await this.objects.stateOf(found, pin);
      return { legalHold, versionId: found.info.versionId };
    } finally {
      pin.release();
    }
  }

  async acl(bucket: string, key: string, { versionId }: VersionOptions = {}): Promise<ObjectAcl> {
    const pin = this.reader.pin();
    try {
      const found = await this.objects.find(bucket, key, versionId, pin);
      const { acl } = await this.objects.stateOf(found, pin);
      return { acl, versionId: found.info.versionId };
    } finally {
      pin.release();
    }
  }

  /** The index tells of which versions there is one, so that nearly nothing is read. */
  readonly listedAcls: StoreAccess['listedAcls'] = async (bucket, listed) => {
    const pin = this.reader.pin();
    try {
      const { state } = this.catalog;
      const all = listed.map(({ key, version }) => stateFactsOf(state, bucket, key, version));
      const acls: (string | null | undefined)[] = [];
      for (const facts of all)
        acls.push(facts?.hasAcl === true ? await this.#aclAt(facts, pin) : null);
      return acls;
    } finally {
      pin.release();
    }
  };

  async #aclAt(
    { sequence, mutation }: StateFacts,
    pin: LogPin,
  ): Promise<string | null | undefined> {
    try {
      return objectStateAt(await this.commits.read(sequence, pin), sequence, mutation).acl;
    } catch (error) {
      if (isLogStoreError(error, 'RECORD_CORRUPT')) return undefined;
      throw error;
    }
  }

  setAcl(
    bucket: string,
    key: string,
    acl: string | null,
    options: StateOptions = {},
  ): Promise<VersionId> {
    const changed = (state: ObjectState) => ({ ...state, acl: aclField(acl) });
    return this.#change(bucket, key, options, changed, 'acl');
  }

  setTags(bucket: string, key: string, tags: Tags, options: StateOptions = {}): Promise<VersionId> {
    const changed = (state: ObjectState) => ({ ...state, tags: tagFields(tags) });
    return this.#change(bucket, key, options, changed, 'tags');
  }

  setRetention(
    bucket: string,
    key: string,
    retention: Retention | undefined,
    options: RetentionOptions = {},
  ): Promise<VersionId> {
    return this.#change(bucket, key, options, (state) => {
      this.#checkHasLock(bucket);
      return { ...state, ...this.#retained(state, retention, options) };
    });
  }

  setLegalHold(
    bucket: string,
    key: string,
    legalHold: boolean,
    options: VersionOptions = {},
  ): Promise<VersionId> {
    return this.#change(bucket, key, options, (state) => {
      this.#checkHasLock(bucket);
      return { ...state, legalHold };
    });
  }

  /** Longer is always allowed; anything else is not while the retention stands. */
  #retained(
    state: ObjectState,
    retention: Retention | undefined,
    { bypassGovernance = false }: RetentionOptions,
  ): Pick<ObjectState, 'lockMode' | 'retainUntilMs'> {
    const nowMs = this.lockTime.nowMs();
    const next =
      retention === undefined
        ? { lockMode: lockModes.none, retainUntilMs: 0 }
        : retentionFields(retention);
    if (retention !== undefined && next.retainUntilMs <= this.committer.nowUnixMs()) {
      throw new LogStoreError('INVALID_ARGUMENT', 'The retain until date must be in the future!');
    }
    const isLonger = next.lockMode === state.lockMode && next.retainUntilMs >= state.retainUntilMs;
    const standing = { ...state, legalHold: false };
    const locked = isLonger ? undefined : lockOn(standing, nowMs, bypassGovernance);
    if (locked !== undefined) throw new LogStoreError('OBJECT_LOCKED', locked);
    return next;
  }

  #checkHasLock(bucket: string): void {
    if (bucketOf(this.catalog, bucket).configurations.has('object-lock')) return;
    throw new LogStoreError('NO_OBJECT_LOCK', 'Bucket is missing Object Lock Configuration');
  }

  async #change(
    bucket: string,
    key: string,
    options: StateOptions,
    change: (state: ObjectState) => ObjectState,
    about?: StateAspect,
  ): Promise<VersionId> {
    let known: { version: number; state: ObjectState } | undefined;
    for (;;) {
      const pin = this.reader.pin();
      try {
        const attempt = await this.committer.admit(() =>
          this.#attempt({ ...options, bucket, key }, known, change, about),
        );
        if (attempt.is === 'done') return { versionId: attempt.versionId };
        const { sequence, mutation, version } = attempt.facts;
        const stored = await this.commits.read(sequence, pin);
        known = { version, state: objectStateAt(stored, sequence, mutation) };
      } finally {
        pin.release();
      }
    }
  }

  /** In the turn of the commit: what is changed is what was read. */
  #attempt(
    {
      bucket,
      key,
      versionId,
      cause,
    }: StateOptions & { readonly bucket: string; readonly key: string },
    known: { version: number; state: ObjectState } | undefined,
    change: (state: ObjectState) => ObjectState,
    about: StateAspect | undefined,
  ): Promise<Attempt> | PendingCommit {
    checkKey(key);
    const { catalog, committer } = this;
    const blocker =
      catalog.pending.ofBucket(bucket) ?? catalog.pending.ofObject(bucket, key)?.commit;
    if (blocker !== undefined) return blocker;
    const { configurations } = bucketOf(catalog, bucket);
    const nowMs = committer.nowUnixMs();
    const slot =
      versionId === undefined
        ? currentSlot(catalog, bucket, key, nowMs)
        : slotOfVersion(catalog, bucket, key, versionId, nowMs);
    const { objects } = catalog.state;
    const version = objects.versionAt(slot);
    const facts = stateFactsOf(catalog.state, bucket, key, version);
    if (facts !== undefined && facts.version !== known?.version) {
      return Promise.resolve({ is: 'unread', facts });
    }
    const state = change(facts === undefined ? noState : (known?.state ?? noState));
    const told = configurations.has('notification') ? { about, cause } : {};
    const isVersioned = versioningIn(catalog, bucket) !== 'off';
    const id = isVersioned ? versionIdOf(version, objects.flagsAt(slot)) : undefined;
    return committer.commit(
      nowMs,
      [{ is: 'setObjectState', bucket, key, version, state, ...told }],
      (): Attempt => ({ is: 'done', versionId: id }),
    );
  }
}
