import { type Acl, decodeAcl, grantsTo, privateAcl } from '../../auth/acl.js';
import type { Action } from '../../auth/actions.js';
import type { BucketGuard } from '../../auth/bucket-guard.js';
import { type AccessQuestion, verdictOf } from '../../auth/policy-decision.js';
import { objectTagPrefix, requestTagPrefix } from '../../auth/policy-document.js';
import { owns, type Principal } from '../../auth/principal.js';
import { isLogStoreError } from '../../base/errors.js';
import type { Tags } from '../../store/version-options.js';
import { headerOf } from './header.js';
import { type JudgedRequest, requestTagValues, requestValues, tagValues } from './request-facts.js';
import { type NeededGrant, type Right, rightOf } from './rights.js';
import { S3Error } from './s3-error.js';
import { tagsOfHeader } from './tags.js';

/** What a right is wanted on. */
export interface Wanted {
  readonly bucket: string;
  /** Empty: the bucket itself. */
  readonly key: string;
  readonly versionId?: string | undefined;
}

/** What conditions look at beside the request. */
interface Facts {
  readonly tags?: Tags;
  readonly prefix?: string | undefined;
}

const nothing: Facts = Object.freeze({});
const prefixKey = 's3:prefix';

/** Whom a bucket's policy cannot keep from the policy itself: or nobody could mend it. */
const ofPolicy: ReadonlySet<Action> = new Set([
  ...(['GetBucketPolicy', 'PutBucketPolicy', 'DeleteBucketPolicy'] as const),
]);
/** What goes on in a bucket is its owner's affair, whatever is granted to others. */
const ownersAnyway: ReadonlySet<Action> = new Set([
  ...(['GetBucketAcl', 'PutBucketAcl', 'DeleteObject', 'DeleteObjectVersion'] as const),
]);
/** Who began an upload sees what there is of it, and gives it up, where nothing forbids that. */
const initiatorsAnyway: ReadonlySet<Action> = new Set([
  ...(['ListMultipartUploadParts', 'AbortMultipartUpload'] as const),
]);

/** Decides what the sender of one request may do. Whatever nothing allows is denied. */
export class RequestAccess {
  readonly #principal: Principal;
  /** Those of the request's body, once they are read; until then those of its header, if asked. */
  #requestTags: Tags | undefined;
  /** Something was allowed by an ACL alone. */
  byGrants = false;

  constructor(private readonly request: JudgedRequest) {
    this.#principal = request.identity.principal;
  }

  /** @throws LogStoreError `NO_SUCH_BUCKET`, `UNCERTAIN` */
  guard(bucket: string): BucketGuard {
    const { store, guards } = this.request.edge;
    return guards.of(bucket, store.access.ofBucket(bucket));
  }

  /**
   * At once where that can be known at once: nearly always.
   * @throws S3Error `AccessDenied`, as what comes back does; LogStoreError `NO_SUCH_BUCKET`
   */
  requireOperation(operation: string, wanted: Wanted): Promise<void> | undefined {
    if (operation === 'CreateBucket' || operation === 'ListBuckets') {
      this.#requireOfStore(rightOf(operation).action, wanted.bucket);
      return undefined;
    }
    if (operation === 'DeleteObjects' && this.#mayDeleteSome(wanted.bucket)) return undefined;
    if (operation === 'PutObjectTagging' && this.#looksAtRequestTags(wanted.bucket))
      return undefined; // asked again once they are read
    return this.require(rightOf(operation), wanted);
  }

  /** The same of PutObjectTagging, whose tags stand in the body; before anything is changed. */
  requireTagged(wanted: Wanted, tags: Tags): Promise<void> | undefined {
    this.#requestTags = tags;
    return this.require(rightOf('PutObjectTagging'), wanted);
  }

  /** The same for what an operation needs beside its own right. */
  require(right: Right, wanted: Wanted): Promise<void> | undefined {
    const verdict = this.#verdict(right, wanted);
    if (verdict === true) return undefined;
    if (verdict === false) throw new S3Error('AccessDenied');
    return verdict.then((permits) => {
      if (!permits) throw new S3Error('AccessDenied');
    });
  }

  async permits(right: Right, wanted: Wanted): Promise<boolean> {
    return await this.#verdict(right, wanted);
  }

  /**
   * Only who may list what something would stand among learns that it is not there.
   * @param wanted what was looked for
   */
  async toldOfAbsence(error: unknown, wanted: Wanted): Promise<unknown> {
    if (!isLogStoreError(error, 'NO_SUCH_KEY', 'NO_SUCH_VERSION', 'NOT_SEALED')) return error;
    return (await this.#mayListAt(wanted)) ? error : new S3Error('AccessDenied');
  }

  /** Whether a list could show this key: as if the key were the prefix that is listed. */
  #mayListAt({ bucket, key }: Wanted): boolean | Promise<boolean> {
    return this.#verdict(rightOf('ListObjects'), { bucket, key: '' }, key);
  }

  /** In a list of buckets everybody finds their own, and those that the operator lets them list. */
  seesBucket(bucket: string, ownerId: string): boolean {
    if (owns(this.#principal, ownerId)) return true;
    return this.#byOwnPolicies(this.#question('ListBucket', bucket, nothing)) === 'allowed';
  }

  /**
   * What the maker of a bucket may do with it as its owner, unless the operator says otherwise.
   * @throws S3Error `AccessDenied`
   */
  refuseDenied(action: Action, bucket: string): void {
    if (this.#byOwnPolicies(this.#question(action, bucket, nothing)) === 'denied')
      throw new S3Error('AccessDenied');
  }

  /** What no bucket has a say in. */
  #requireOfStore(action: Action, resource: string): void {
    const asked = this.#question(action, resource, nothing);
    if (this.#byOwnPolicies(asked) !== 'allowed') throw new S3Error('AccessDenied');
  }

  /** A list of keys is read only from somebody who might be allowed to delete any of them. */
  #mayDeleteSome(bucket: string): boolean {
    if (this.#principal.is !== 'anonymous') return true;
    return this.guard(bucket).policy !== undefined;
  }

  #looksAtRequestTags(bucket: string): boolean {
    if (this.guard(bucket).policy?.readsRequestTags === true) return true;
    return this.#principal.policies.some((each) => each.readsRequestTags);
  }

  /** @param prefix for conditions, where the request has another one or none */
  #verdict(right: Right, wanted: Wanted, prefix?: string): boolean | Promise<boolean> {
    const guard = this.guard(wanted.bucket);
    const { policies } = this.#principal;
    const looksAtTags =
      guard.policy?.readsObjectTags === true || policies.some((each) => each.readsObjectTags);
    if (looksAtTags && wanted.key !== '')
      return this.tagsOf(wanted).then((tags) => this.#decide(right, wanted, guard, { tags }));
    return this.#decide(right, wanted, guard, { prefix });
  }

  #decide(
    { action, versionAction, grant }: Right,
    wanted: Wanted,
    guard: BucketGuard,
    facts: Facts,
  ): boolean | Promise<boolean> {
    const { bucket, key, versionId } = wanted;
    const asks = versionId === undefined ? action : (versionAction ?? action);
    const resource = key === '' ? bucket : `${bucket}/${key}`;
    const own = owns(this.#principal, guard.ownerId);
    const verdict = this.#byPolicies(asks, resource, facts, guard, own);
    if (verdict !== 'unsaid') return verdict === 'allowed';
    // A grant to write lets a key be deleted, and never a version of it for good.
    const knowsGrants = guard.ownership !== 'BucketOwnerEnforced' && asks !== 'DeleteObjectVersion';
    if (own && (!knowsGrants || grant === undefined || ownersAnyway.has(asks))) return true;
    if (grant?.of === 'object')
      return this.#byObjectGrants(knowsGrants ? grant : undefined, wanted, guard);
    const ignorePublic = guard.block.has('IgnorePublicAcls');
    const isGranted =
      knowsGrants &&
      grant !== undefined &&
      grantsTo(guard.acl, this.#principal, grant.permission, ignorePublic);
    return this.#noteGrant(isGranted) || this.#hasBegun(asks, wanted);
  }

  #hasBegun(asks: Action, { bucket, key }: Wanted): boolean | Promise<boolean> {
    if (!initiatorsAnyway.has(asks)) return false;
    const { edge, query } = this.request;
    const found = edge.store.access.uploadPeople(bucket, key, query.get('uploadId') ?? '');
    return found.then(
      ({ initiator }) => initiator !== undefined && owns(this.#principal, initiator),
      (error: unknown) => {
        if (isLogStoreError(error, 'NO_SUCH_UPLOAD')) return false;
        throw error;
      },
    );
  }

  #noteGrant(granted: boolean): boolean {
    this.byGrants ||= granted;
    return granted;
  }

  #byPolicies(
    action: Action,
    resource: string,
    facts: Facts,
    guard: BucketGuard,
    own: boolean,
  ): 'allowed' | 'denied' | 'unsaid' {
    if (guard.policy === undefined && this.#principal.is === 'root') return 'allowed';
    const question = this.#question(action, resource, facts);
    const byOwn = this.#byOwnPolicies(question);
    if (byOwn === 'denied') return byOwn;
    let byBucket = guard.policy === undefined ? 'unsaid' : verdictOf(guard.policy, question);
    const mends = (own || this.#principal.is === 'root') && ofPolicy.has(action);
    if (byBucket === 'denied' && !mends) return 'denied';
    // Nobody but its owner gains anything from a public policy that is restricted.
    if (guard.policyIsPublic && guard.block.has('RestrictPublicBuckets') && !own)
      byBucket = 'unsaid';
    return byOwn === 'allowed' || byBucket === 'allowed' ? 'allowed' : 'unsaid';
  }

  /** What the operator said of the sender. */
  #byOwnPolicies(question: AccessQuestion): 'allowed' | 'denied' | 'unsaid' {
    const { is, policies } = this.#principal;
    let verdict: 'allowed' | 'unsaid' = is === 'root' ? 'allowed' : 'unsaid';
    for (const policy of policies) {
      const ofOne = verdictOf(policy, question);
      if (ofOne === 'denied') return ofOne;
      if (ofOne === 'allowed') verdict = ofOne;
    }
    return verdict;
  }

  /**
   * @param grant undefined where the bucket knows none
   * @throws LogStoreError for what is not there, to whoever may list: it may come to be meanwhile
   */
  async #byObjectGrants(
    grant: NeededGrant | undefined,
    wanted: Wanted,
    guard: BucketGuard,
  ): Promise<boolean> {
    // The cheaper question first: strangers ask for what is not theirs all day.
    if (grant === undefined && !(await this.#mayListAt(wanted))) return false;
    let acl: Acl;
    try {
      acl = await this.#objectAcl(wanted, guard);
    } catch (error) {
      if (!isAbsence(error) || (await this.#mayListAt(wanted))) throw error;
      return false;
    }
    if (grant === undefined) return false;
    const { permission } = grant;
    const isAcp = permission === 'READ_ACP' || permission === 'WRITE_ACP';
    if (isAcp && owns(this.#principal, acl.ownerId)) return this.#noteGrant(true);
    const ignorePublic = guard.block.has('IgnorePublicAcls');
    return this.#noteGrant(grantsTo(acl, this.#principal, permission, ignorePublic));
  }

  async #objectAcl({ bucket, key, versionId }: Wanted, { ownerId }: BucketGuard): Promise<Acl> {
    const { access } = this.request.edge.store;
    const { acl } = await access.objectAcl(bucket, key, { versionId });
    return acl === null ? privateAcl(ownerId) : decodeAcl(acl);
  }

  /** None where there is nothing that could have any. */
  async tagsOf({ bucket, key, versionId }: Wanted): Promise<Tags> {
    try {
      return (await this.request.edge.store.getTags(bucket, key, { versionId })).tags;
    } catch (error) {
      if (isAbsence(error)) return {};
      throw error;
    }
  }

  #tagsOfRequest(): Tags {
    this.#requestTags ??= tagsOfHeader(headerOf(this.request.headers, 'x-amz-tagging')) ?? {};
    return this.#requestTags;
  }

  #question(action: Action, resource: string, { tags, prefix }: Facts): AccessQuestion {
    const { request } = this;
    const principal = this.#principal;
    const { directory } = request.edge.users;
    return {
      principal,
      shownId: principal.is === 'anonymous' ? undefined : directory.shownId(principal.ownerId),
      action: action.toLowerCase(),
      resource,
      values: (key) => {
        if (key.startsWith(requestTagPrefix)) return requestTagValues(this.#tagsOfRequest(), key);
        if (key === prefixKey && prefix !== undefined) return [prefix];
        if (!key.startsWith(objectTagPrefix)) return requestValues(request, key);
        return tagValues(tags ?? {}, key.slice(objectTagPrefix.length));
      },
    };
  }
}

function isAbsence(error: unknown): boolean {
  return isLogStoreError(
    error,
    ...(['NO_SUCH_KEY', 'NO_SUCH_VERSION', 'DELETE_MARKER', 'INVALID_ARGUMENT'] as const),
  );
}
