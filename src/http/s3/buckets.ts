import { encodeAcl, privateAcl } from '../../auth/acl.js';
import { ownershipOf } from '../../auth/bucket-rules.js';
import { owns } from '../../auth/principal.js';
import { isLogStoreError } from '../../base/errors.js';
import type { CreateBucketOptions } from '../../store/version-types.js';
import { aclOfHeaders, isOwnersAlone } from './acl-headers.js';
import { readWholeBody } from './body.js';
import type { Exchange } from './exchange.js';
import { headerOf } from './header.js';
import { senderAsOwner, writeOwner } from './owner.js';
import { invalidArgument, S3Error } from './s3-error.js';
import { readTags, tagLimits, writeTagging } from './tags.js';
import { s3Document, xmlTime } from './xml.js';
import { childText, readXml, type XmlElement } from './xml-read.js';

const bucketsPageMax = 10_000; // S3's own limit
const createBodyBytesMax = 256 * 1024; // as that of PutBucketTagging

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html */
export async function listBuckets(exchange: Exchange): Promise<void> {
  const { query, edge } = exchange;
  const limit = pageLimit(query.get('max-buckets'));
  const prefix = query.get('prefix');
  const region = query.get('bucket-region') ?? edge.region;
  const after = nameInToken(query.get('continuation-token'));
  const all = region === edge.region ? await exchange.store.listBuckets() : [];
  const left = all
    .filter(({ name }) => name.startsWith(prefix ?? '') && (after === undefined || name > after))
    .filter(({ name, owner }) => exchange.access.seesBucket(name, owner ?? ''))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const page = left.slice(0, limit);
  const last = page.at(-1);

  const xml = s3Document('ListAllMyBucketsResult');
  writeOwner(xml, 'Owner', senderAsOwner(exchange));
  xml.open('Buckets');
  for (const bucket of page) {
    xml.open('Bucket').element('Name', bucket.name);
    xml.element('CreationDate', xmlTime(bucket.createdUnixMs));
    xml.element('BucketRegion', edge.region).close('Bucket');
  }
  xml.close('Buckets').element('Prefix', prefix);
  if (left.length > page.length && last !== undefined) xml.element('ContinuationToken', last.name);
  exchange.answer.sendXml(200, xml.close('ListAllMyBucketsResult').toString());
}

/** Tokens are the names that pages ended with; an empty one is none. */
function nameInToken(token: string | undefined): string | undefined {
  if (token === undefined || token === '') return undefined;
  if (/^[a-z0-9.-]{3,63}$/.test(token)) return token;
  throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect');
}

function pageLimit(given: string | undefined): number {
  if (given === undefined) return bucketsPageMax;
  const limit = /^\d{1,6}$/.test(given) ? Number(given) : 0;
  if (limit >= 1 && limit <= bucketsPageMax) return limit;
  const message = `Argument max-buckets must be an integer between 1 and ${bucketsPageMax}.`;
  throw invalidArgument(message, 'max-buckets', given);
}

/**
 * Making a bucket that the caller has already is refused, in every region but us-east-1: there it
 * is a success that changes nothing.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
 */
export async function createBucket(exchange: Exchange): Promise<void> {
  const { edge } = exchange;
  const { constraint, tagging } = await createConfiguration(exchange);
  if (constraint !== undefined && constraint !== edge.region)
    throw new S3Error(
      'IllegalLocationConstraintException',
      `The ${constraint} location constraint is incompatible with the region of this store`,
    );
  if (tagging !== undefined) exchange.access.refuseDenied('PutBucketTagging', exchange.bucket);
  const given = headerOf(exchange.headers, 'x-amz-bucket-object-lock-enabled');
  const options: CreateBucketOptions = {
    objectLock: given?.toLowerCase() === 'true',
    owner: exchange.identity.principal.ownerId || undefined,
    configurations: { ...beginningsOf(exchange), ...(tagging === undefined ? {} : { tagging }) },
  };
  try {
    await exchange.store.createBucket(exchange.bucket, options);
  } catch (error) {
    if (!isLogStoreError(error, 'BUCKET_EXISTS')) throw error;
    const { ownerId } = exchange.access.guard(exchange.bucket);
    if (!owns(exchange.identity.principal, ownerId) || !(await isAsAsked(exchange, options)))
      throw new S3Error('BucketAlreadyExists');
    if (edge.region !== 'us-east-1') throw error;
  }
  const headers = ['location', `/${exchange.bucket}`, ...arnHeader(exchange)];
  exchange.answer.sendEmpty(200, headers);
}

/** Whether the caller's bucket of that name has the grants, the tags and the lock asked for. */
async function isAsAsked(
  { store, bucket, access }: Exchange,
  { configurations, objectLock }: CreateBucketOptions,
): Promise<boolean> {
  const { ownerId, acl } = access.guard(bucket);
  if (encodeAcl(acl) !== (configurations?.acl ?? encodeAcl(privateAcl(ownerId)))) return false;
  const is = async (name: 'tagging' | 'object-lock') =>
    (await store.bucketConfiguration(bucket, name))?.value;
  if (objectLock === true && (await is('object-lock')) === undefined) return false;
  const tagging = configurations?.tagging;
  return tagging === undefined || (await is('tagging')) === tagging;
}

function arnHeader({ bucket }: Exchange): [string, string] {
  return ['x-amz-bucket-arn', `arn:aws:s3:::${bucket}`];
}

/** What a bucket says of grants from the beginning. */
function beginningsOf({
  headers,
  edge,
  identity,
}: Exchange): CreateBucketOptions['configurations'] {
  const given = headerOf(headers, 'x-amz-object-ownership');
  const ownership = given === undefined ? edge.guards.ownershipDefault : ownershipOf(given);
  if (ownership === undefined)
    throw invalidArgument(
      `Invalid x-amz-object-ownership header: ${given}`,
      'x-amz-object-ownership',
      given ?? '',
    );
  const { ownerId } = identity.principal;
  const owners = { ownerId, bucketOwnerId: ownerId };
  const acl = aclOfHeaders(headers, owners, edge.users.directory);
  if (acl === undefined || isOwnersAlone(acl, ownerId)) return { 'ownership-controls': ownership };
  if (ownership === 'BucketOwnerEnforced') throw new S3Error('InvalidBucketAclWithObjectOwnership');
  return { 'ownership-controls': ownership, acl: encodeAcl(acl) };
}

interface CreateConfiguration {
  readonly constraint?: string | undefined;
  /** As PutBucketTagging would keep it. */
  readonly tagging?: string | undefined;
}

async function createConfiguration(exchange: Exchange): Promise<CreateConfiguration> {
  const body = await readWholeBody(exchange, createBodyBytesMax);
  if (body.length === 0) return {};
  const configuration = readXml(body, 'CreateBucketConfiguration');
  for (const { name } of configuration.children) {
    if (name !== 'LocationConstraint' && name !== 'Tags') throw new S3Error('NotImplemented');
  }
  const constraint = childText(configuration, 'LocationConstraint')?.trim();
  return {
    constraint: constraint === '' ? undefined : constraint,
    tagging: taggingOf(configuration),
  };
}

function taggingOf({ children }: XmlElement): string | undefined {
  const [set, second] = children.filter(({ name }) => name === 'Tags');
  if (second !== undefined) throw new S3Error('MalformedXML');
  if (set === undefined || set.children.length === 0) return undefined;
  return writeTagging(s3Document('Tagging'), readTags(set, tagLimits.bucket)).toString();
}

export async function headBucket(exchange: Exchange): Promise<void> {
  await exchange.store.headBucket(exchange.bucket);
  const headers = [
    'x-amz-bucket-region',
    exchange.edge.region,
    'x-amz-access-point-alias',
    'false',
    ...arnHeader(exchange),
  ];
  exchange.answer.sendEmpty(200, headers);
}

export async function deleteBucket(exchange: Exchange): Promise<void> {
  await exchange.store.deleteBucket(exchange.bucket);
  exchange.answer.sendEmpty(204);
}
