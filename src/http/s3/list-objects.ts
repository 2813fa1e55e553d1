import type { ShownOwner } from '../../auth/user-directory.js';
import type { ListedObject, ListOptions, ListPage } from '../../store/types.js';
import { writeChecksumKind } from './checksum-names.js';
import type { Exchange } from './exchange.js';
import {
  checkOptionalAttributes,
  type ListingParameters,
  listingParameters,
  pageSize,
  readToken,
  writeToken,
} from './listing-parameters.js';
import { ownersOf, writeOwner } from './owner.js';
import type { Query } from './query.js';
import { invalidArgument } from './s3-error.js';
import { s3Document, type XmlWriter, xmlTime } from './xml.js';

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html */
export async function listObjects(exchange: Exchange): Promise<void> {
  const { query } = exchange;
  if (query.has('list-type'))
    throw invalidArgument(
      'Invalid List Type specified in Request',
      'list-type',
      query.get('list-type') ?? '',
    );
  refuseParametersOfV2(query);
  checkOptionalAttributes(exchange);
  const parameters = listingParameters(query);
  const { encode, delimiter } = parameters;
  const maxKeys = pageSize(exchange, 'max-keys');
  const marker = query.get('marker') ?? '';
  const page = await readPage(exchange, parameters, marker || undefined, maxKeys);

  const xml = s3Document('ListBucketResult');
  xml.element('Name', exchange.bucket).element('Prefix', encode(parameters.prefix));
  xml.element('Marker', encode(marker)).element('MaxKeys', maxKeys);
  xml.element('Delimiter', delimiter === undefined ? undefined : encode(delimiter));
  xml.element('EncodingType', parameters.encodingType).element('IsTruncated', page.truncated);
  // S3 gives it with a delimiter alone; without one, clients go on from the last key.
  if (page.next !== undefined && delimiter !== undefined)
    xml.element('NextMarker', encode(page.next));
  writePage(xml, page, parameters, await ownersOf(exchange, page.objects));
  exchange.answer.sendXml(200, xml.close('ListBucketResult').toString());
}

/** A client that goes on from a place would get the first page again, and go round for ever. */
function refuseParametersOfV2(query: Query): void {
  for (const name of ['continuation-token', 'start-after']) {
    const given = query.get(name);
    if (given === undefined) continue;
    const message = `${name} only supported in REST.GET.BUCKET with list-type=2`;
    throw invalidArgument(message, name, given);
  }
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
export async function listObjectsV2(exchange: Exchange): Promise<void> {
  const { query } = exchange;
  checkOptionalAttributes(exchange);
  const parameters = listingParameters(query);
  const { encode, delimiter } = parameters;
  const maxKeys = pageSize(exchange, 'max-keys');
  const token = query.get('continuation-token');
  const startAfter = query.get('start-after');
  const after = readToken(token) ?? (startAfter || undefined);
  const page = await readPage(exchange, parameters, after, maxKeys);

  const xml = s3Document('ListBucketResult');
  xml.element('Name', exchange.bucket).element('Prefix', encode(parameters.prefix));
  xml.element('StartAfter', startAfter === undefined ? undefined : encode(startAfter));
  xml.element('ContinuationToken', token);
  xml.element('KeyCount', page.objects.length + page.commonPrefixes.length);
  xml.element('MaxKeys', maxKeys);
  xml.element('Delimiter', delimiter === undefined ? undefined : encode(delimiter));
  xml.element('EncodingType', parameters.encodingType).element('IsTruncated', page.truncated);
  if (page.next !== undefined) xml.element('NextContinuationToken', writeToken(page.next));
  const withOwner = query.get('fetch-owner') === 'true';
  writePage(xml, page, parameters, withOwner ? await ownersOf(exchange, page.objects) : []);
  exchange.answer.sendXml(200, xml.close('ListBucketResult').toString());
}

const emptyPage: ListPage = { objects: [], commonPrefixes: [], truncated: false, next: undefined };

async function readPage(
  exchange: Exchange,
  { prefix, delimiter }: ListingParameters,
  startAfter: string | undefined,
  limit: number,
): Promise<ListPage> {
  if (limit === 0) {
    await exchange.store.headBucket(exchange.bucket);
    return emptyPage; // not truncated: a client that goes on while it is would never end
  }
  const options: ListOptions = { prefix, delimiter, startAfter, limit };
  return exchange.store.list(exchange.bucket, options);
}

function writePage(
  xml: XmlWriter,
  page: ListPage,
  { encode }: ListingParameters,
  owners: readonly (ShownOwner | undefined)[],
): void {
  for (const [at, object] of page.objects.entries())
    writeObject(xml, object, encode(object.key), owners[at]);
  for (const prefix of page.commonPrefixes)
    xml.open('CommonPrefixes').element('Prefix', encode(prefix)).close('CommonPrefixes');
}

function writeObject(
  xml: XmlWriter,
  object: ListedObject,
  key: string,
  owner: ShownOwner | undefined,
): void {
  xml.open('Contents').element('Key', key);
  xml.element('LastModified', xmlTime(object.modifiedUnixMs));
  xml.element('ETag', `"${object.etag}"`);
  writeChecksumKind(xml, object.checksum);
  xml.element('Size', object.sizeBytes);
  if (owner !== undefined) writeOwner(xml, 'Owner', owner);
  xml.element('StorageClass', 'STANDARD').close('Contents');
}
