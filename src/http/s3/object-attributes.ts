import { limits } from '../../base/limits.js';
import type { ObjectPartsPage } from '../../store/types.js';
import type { FlatHeaders } from './answer.js';
import { writeChecksum } from './checksum-names.js';
import { readEncryption } from './encryption-headers.js';
import type { Exchange } from './exchange.js';
import { headerOf } from './header.js';
import { formatHttpDate } from './http-date.js';
import { invalidArgument, S3Error } from './s3-error.js';
import { pushVersionId, versionIdOf } from './versions.js';
import { s3Document, type XmlWriter } from './xml.js';

const attributeNames = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'];

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html */
export async function getObjectAttributes(exchange: Exchange): Promise<void> {
  const { store, bucket, key, query, answer } = exchange;
  const wanted = wantedOf(exchange);
  const page = partsPage(exchange);
  const reading = { customerKey: readEncryption(exchange) };
  const info = await store.head(bucket, key, { versionId: versionIdOf(query), reading });

  const xml = s3Document('GetObjectAttributesResponse');
  if (wanted.has('ETag')) xml.element('ETag', info.etag);
  if (wanted.has('Checksum') && info.checksums.length > 0) {
    xml.open('Checksum');
    for (const checksum of info.checksums) writeChecksum(xml, checksum, info.parts.length);
    xml.close('Checksum');
  }
  if (wanted.has('ObjectParts') && info.parts.length > 0) {
    const { marker: afterPartNumber, max: limit } = page;
    const { versionId } = info;
    const found = await store.objectParts(bucket, key, { versionId, afterPartNumber, limit });
    writeParts(xml, info.parts.length, found, page);
  }
  if (wanted.has('StorageClass')) xml.element('StorageClass', 'STANDARD');
  if (wanted.has('ObjectSize')) xml.element('ObjectSize', info.sizeBytes);
  const headers: FlatHeaders = ['last-modified', formatHttpDate(info.modifiedUnixMs)];
  pushVersionId(headers, info.versionId);
  answer.sendXml(200, xml.close('GetObjectAttributesResponse').toString(), headers);
}

function wantedOf({ headers }: Exchange): ReadonlySet<string> {
  const names = (headerOf(headers, 'x-amz-object-attributes') ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length === 0)
    throw new S3Error(
      'InvalidRequest',
      'The x-amz-object-attributes header specifying the attributes to be retrieved is either ' +
        'missing or empty',
    );
  const unknown = names.find((name) => !attributeNames.includes(name));
  if (unknown === undefined) return new Set(names);
  throw invalidArgument('Invalid attribute name specified.', 'x-amz-object-attributes', unknown);
}

interface PartsPage {
  readonly marker: number;
  readonly max: number;
}

function partsPage({ headers }: Exchange): PartsPage {
  const marker = headerOf(headers, 'x-amz-part-number-marker') ?? '0';
  const max = headerOf(headers, 'x-amz-max-parts') ?? String(limits.listPageMax);
  if (!/^\d{1,9}$/.test(marker) || !/^\d{1,9}$/.test(max)) {
    throw new S3Error('InvalidArgument', 'A page of parts has a marker and a size, in digits.');
  }
  return { marker: Number(marker), max: Math.min(Number(max), limits.listPageMax) };
}

function writeParts(
  xml: XmlWriter,
  count: number,
  { parts: page, truncated }: ObjectPartsPage,
  { marker, max }: PartsPage,
): void {
  xml.open('ObjectParts').element('PartsCount', count);
  xml.element('PartNumberMarker', marker);
  xml.element('NextPartNumberMarker', page.at(-1)?.number ?? 0).element('MaxParts', max);
  xml.element('IsTruncated', max > 0 && truncated);
  for (const { number, sizeBytes, checksum } of page) {
    xml.open('Part').element('PartNumber', number).element('Size', sizeBytes);
    if (checksum !== undefined) writeChecksum(xml, { ...checksum, type: undefined });
    xml.close('Part');
  }
  xml.close('ObjectParts');
}
