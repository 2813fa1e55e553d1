import { isPublicAcl } from '../../auth/acl.js';
import { parsePolicy, policyBytesMax } from '../../auth/policy-document.js';
import { PolicyError } from '../../auth/policy-error.js';
import { isPublicPolicy } from '../../auth/policy-publicity.js';
import { readWholeBody } from './body.js';
import type { Exchange } from './exchange.js';
import { S3Error } from './s3-error.js';
import { s3Document } from './xml.js';

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicy.html */
export async function getBucketPolicy({ store, bucket, answer }: Exchange): Promise<void> {
  const text = store.access.ofBucket(bucket).document('policy');
  if (text === undefined) throw new S3Error('NoSuchBucketPolicy');
  answer.sendBytes(200, ['content-type', 'application/json'], Buffer.from(text));
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html */
export async function putBucketPolicy(exchange: Exchange): Promise<void> {
  const { store, bucket, edge, access, answer } = exchange;
  const body = await readWholeBody(exchange, policyBytesMax + 1);
  const text = Buffer.from(body).toString();
  const isPublic = checkedPolicy(text, exchange);
  if (isPublic && access.guard(bucket).block.has('BlockPublicPolicy'))
    throw new S3Error(
      'AccessDenied',
      'User is not authorized to perform: s3:PutBucketPolicy because public policies are ' +
        'prevented by the BlockPublicPolicy setting in S3 Block Public Access.',
    );
  await store.setBucketConfiguration(bucket, 'policy', text);
  edge.logger.info({ bucket, isPublic }, 'bucket policy set');
  answer.sendEmpty(204);
}

/** @returns whether it lets in everybody @throws S3Error `MalformedPolicy` */
function checkedPolicy(text: string, { bucket, edge }: Exchange): boolean {
  try {
    const policy = parsePolicy(text, bucket);
    for (const { principals } of policy.statements) principals?.check(edge.users.directory);
    return isPublicPolicy(policy);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw new S3Error('MalformedPolicy', error.message, { cause: error });
  }
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketPolicy.html */
export async function deleteBucketPolicy({ store, bucket, answer }: Exchange): Promise<void> {
  await store.setBucketConfiguration(bucket, 'policy', null);
  answer.sendEmpty(204);
}

/**
 * Whether the bucket lets in everybody, by its policy or by its own list of grants.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicyStatus.html
 */
export async function getBucketPolicyStatus({ access, bucket, answer }: Exchange): Promise<void> {
  const { policyIsPublic, acl, ownership, block } = access.guard(bucket);
  const grantsCount = ownership !== 'BucketOwnerEnforced' && !block.has('IgnorePublicAcls');
  const isPublic = policyIsPublic || (grantsCount && isPublicAcl(acl));
  const xml = s3Document('PolicyStatus').element('IsPublic', isPublic);
  answer.sendXml(200, xml.close('PolicyStatus').toString());
}
