import type { ShownOwner } from '../../auth/user-directory.js';
import type { ListedVersion, VersionPage } from '../../store/version-types.js';
import { writeChecksumKind } from './checksum-names.js';
import type { Exchange } from './exchange.js';
import {
  checkOptionalAttributes,
  type ListingParameters,
  listingParameters,
  pageSize,
} from './listing-parameters.js';
import { ownersOf, writeOwner } from './owner.js';
import { S3Error } from './s3-error.js';
import { s3Document, type XmlWriter, xmlTime } from './xml.js';

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html */
export async function listObjectVersions(exchange: Exchange): Promise<void> {
  const { query } = exchange;
  checkOptionalAttributes(exchange);
  const parameters = listingParameters(query);
  const { encode, delimiter } = parameters;
  const maxKeys = pageSize(exchange, 'max-keys');
  const keyMarker = query.get('key-marker') ?? '';
  const versionIdMarker = versionMarker(query.get('version-id-marker'), keyMarker);
  const page = await readPage(exchange, parameters, { keyMarker, versionIdMarker }, maxKeys);

  const xml = s3Document('ListVersionsResult');
  xml.element('Name', exchange.bucket).element('Prefix', encode(parameters.prefix));
  xml.element('KeyMarker', encode(keyMarker)).element('VersionIdMarker', versionIdMarker);
  if (page.nextKeyMarker !== undefined) xml.element('NextKeyMarker', encode(page.nextKeyMarker));
  xml.element('NextVersionIdMarker', page.nextVersionIdMarker).element('MaxKeys', maxKeys);
  xml.element('Delimiter', delimiter === undefined ? undefined : encode(delimiter));
  xml.element('EncodingType', parameters.encodingType).element('IsTruncated', page.truncated);
  const owners = await ownersOf(exchange, page.versions);
  for (const [at, version] of page.versions.entries())
    writeVersion(xml, version, encode(version.key), owners[at]);
  for (const prefix of page.commonPrefixes)
    xml.open('CommonPrefixes').element('Prefix', encode(prefix)).close('CommonPrefixes');
  exchange.answer.sendXml(200, xml.close('ListVersionsResult').toString());
}

function versionMarker(given: string | undefined, keyMarker: string): string {
  if (given === undefined) return '';
  if (keyMarker !== '' && given !== '') return given;
  throw new S3Error(
    'InvalidArgument',
    given === ''
      ? 'A version-id marker cannot be empty.'
      : 'A version-id marker cannot be specified without a key marker.',
  );
}

async function readPage(
  { store, bucket }: Exchange,
  { prefix, delimiter }: ListingParameters,
  { keyMarker, versionIdMarker }: { keyMarker: string; versionIdMarker: string },
  limit: number,
): Promise<VersionPage> {
  if (limit > 0)
    return store.listVersions(bucket, { prefix, delimiter, keyMarker, versionIdMarker, limit });
  await store.headBucket(bucket);
  const end = { nextKeyMarker: undefined, nextVersionIdMarker: undefined };
  return { versions: [], commonPrefixes: [], truncated: false, ...end };
}

function writeVersion(
  xml: XmlWriter,
  version: ListedVersion,
  key: string,
  owner: ShownOwner | undefined,
): void {
  const element = version.isDeleteMarker ? 'DeleteMarker' : 'Version';
  xml.open(element).element('Key', key).element('VersionId', version.versionId);
  xml.element('IsLatest', version.isLatest);
  xml.element('LastModified', xmlTime(version.modifiedUnixMs));
  if (!version.isDeleteMarker) {
    xml.element('ETag', `"${version.etag}"`);
    writeChecksumKind(xml, version.checksum);
    xml.element('Size', version.sizeBytes).element('StorageClass', 'STANDARD');
  }
  if (owner !== undefined) writeOwner(xml, 'Owner', owner);
  xml.close(element);
}
