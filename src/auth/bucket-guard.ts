import { type Acl, decodeAcl, privateAcl } from './acl.js';
import {
  decodePublicAccessBlock,
  type ObjectOwnership,
  ownershipOf,
  type PublicAccessBlock,
} from './bucket-rules.js';
import { type Policy, storedPolicy } from './policy-document.js';
import { isPublicPolicy } from './policy-publicity.js';

/** What the store says of a bucket: the same object for as long as nothing of it changes. */
export interface BucketDocuments {
  readonly owner: string | null;
  document(
    name: 'policy' | 'acl' | 'ownership-controls' | 'public-access-block',
  ): string | undefined;
}

/** All that decides who may use a bucket, parsed. */
export interface BucketGuard {
  /** Empty: root. */
  readonly ownerId: string;
  readonly policy: Policy | undefined;
  readonly policyIsPublic: boolean;
  readonly acl: Acl;
  readonly ownership: ObjectOwnership;
  readonly block: PublicAccessBlock;
}

/** Guards of buckets, each parsed once. */
export class BucketGuards {
  readonly #known = new WeakMap<BucketDocuments, BucketGuard>();

  /** @param ownershipDefault of buckets that say nothing of it */
  constructor(readonly ownershipDefault: ObjectOwnership) {}

  of(name: string, documents: BucketDocuments): BucketGuard {
    const known = this.#known.get(documents);
    if (known !== undefined) return known;
    const guard = this.#parse(name, documents);
    this.#known.set(documents, guard);
    return guard;
  }

  #parse(name: string, { owner, document }: BucketDocuments): BucketGuard {
    const ownerId = owner ?? '';
    const [policyText, aclText] = [document('policy'), document('acl')];
    const policy = policyText === undefined ? undefined : storedPolicy(policyText, name);
    return {
      ownerId,
      policy,
      policyIsPublic: policy !== undefined && isPublicPolicy(policy),
      acl: aclText === undefined ? privateAcl(ownerId) : decodeAcl(aclText),
      ownership: ownershipOf(document('ownership-controls')) ?? this.ownershipDefault,
      block: decodePublicAccessBlock(document('public-access-block')),
    };
  }
}
