/** What a bucket says of grants: who owns what is put there, and what is public (SPEC.md §4.1). */

export const ownerships = ['BucketOwnerEnforced', 'BucketOwnerPreferred', 'ObjectWriter'] as const;
export type ObjectOwnership = (typeof ownerships)[number];

export function ownershipOf(text: string | undefined): ObjectOwnership | undefined {
  return ownerships.find((each) => each === text);
}

export const publicAccessFlags = [
  'BlockPublicAcls',
  'IgnorePublicAcls',
  'BlockPublicPolicy',
  'RestrictPublicBuckets',
] as const;
export type PublicAccessFlag = (typeof publicAccessFlags)[number];
export type PublicAccessBlock = ReadonlySet<PublicAccessFlag>;

export function encodePublicAccessBlock(block: PublicAccessBlock): string {
  return publicAccessFlags.filter((flag) => block.has(flag)).join(' ') || 'none';
}

export function decodePublicAccessBlock(text: string | undefined): PublicAccessBlock {
  const words = text?.split(' ') ?? [];
  return new Set(publicAccessFlags.filter((flag) => words.includes(flag)));
}
