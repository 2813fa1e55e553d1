import { decodeAcl } from '../../auth/acl.js';
import type { ShownOwner } from '../../auth/user-directory.js';
import { isLogStoreError } from '../../base/errors.js';
import type { ListPartsPage, ListUploadsPage, UploadInfo } from '../../store/types.js';
import { writeChecksum } from './checksum-names.js';
import type { Exchange } from './exchange.js';
import { countOf, listingParameters, pageSize } from './listing-parameters.js';
import { bucketOwner, writeOwner } from './owner.js';
import { invalidArgument } from './s3-error.js';
import { s3Document, type XmlWriter, xmlTime } from './xml.js';

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html */
export async function listMultipartUploads(exchange: Exchange): Promise<void> {
  const { query, bucket } = exchange;
  const parameters = listingParameters(query);
  const { prefix, delimiter, encode } = parameters;
  const limit = pageSize(exchange, 'max-uploads');
  const keyMarker = query.get('key-marker') ?? '';
  // S3 looks at it beside a key-marker only.
  const uploadIdMarker = keyMarker === '' ? '' : (query.get('upload-id-marker') ?? '');
  if (uploadIdMarker !== '' && !/^[0-9a-f]{16}$/.test(uploadIdMarker))
    throw invalidArgument('Invalid uploadId marker', 'upload-id-marker', uploadIdMarker);
  const page = await readUploads(exchange, limit, {
    prefix,
    delimiter,
    keyMarker: keyMarker || undefined,
    uploadIdMarker: uploadIdMarker || undefined,
  });

  const xml = s3Document('ListMultipartUploadsResult').element('Bucket', bucket);
  xml.element('KeyMarker', encode(keyMarker)).element('UploadIdMarker', uploadIdMarker);
  if (page.nextKeyMarker !== undefined) xml.element('NextKeyMarker', encode(page.nextKeyMarker));
  xml.element('NextUploadIdMarker', page.nextUploadIdMarker);
  xml.element('Prefix', encode(prefix));
  xml.element('Delimiter', delimiter === undefined ? undefined : encode(delimiter));
  xml.element('EncodingType', parameters.encodingType);
  xml.element('MaxUploads', limit).element('IsTruncated', page.truncated);
  for (const upload of page.uploads) {
    const people = await uploadPeople(exchange, upload);
    xml.open('Upload').element('Key', encode(upload.key)).element('UploadId', upload.uploadId);
    writePeople(xml, people);
    xml.element('StorageClass', 'STANDARD');
    xml.element('Initiated', xmlTime(upload.initiatedUnixMs));
    xml.element('ChecksumAlgorithm', upload.checksum?.algorithm);
    xml.element('ChecksumType', upload.checksum?.type).close('Upload');
  }
  for (const common of page.commonPrefixes)
    xml.open('CommonPrefixes').element('Prefix', encode(common)).close('CommonPrefixes');
  exchange.answer.sendXml(200, xml.close('ListMultipartUploadsResult').toString());
}

async function readUploads(
  exchange: Exchange,
  limit: number,
  options: {
    prefix: string;
    delimiter: string | undefined;
    keyMarker: string | undefined;
    uploadIdMarker: string | undefined;
  },
): Promise<ListUploadsPage> {
  if (limit > 0) return exchange.store.listUploads(exchange.bucket, { ...options, limit });
  await exchange.store.headBucket(exchange.bucket);
  return {
    uploads: [],
    commonPrefixes: [],
    truncated: false,
    nextKeyMarker: undefined,
    nextUploadIdMarker: undefined,
  };
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html */
export async function listParts(exchange: Exchange): Promise<void> {
  const { query, bucket, key } = exchange;
  const { encode, encodingType } = listingParameters(query);
  const limit = pageSize(exchange, 'max-parts');
  const marker = partMarker(query.get('part-number-marker'));
  const uploadId = query.get('uploadId') ?? '';
  const page = await readParts(exchange, uploadId, marker, limit);
  const { upload } = page;

  const xml = s3Document('ListPartsResult').element('Bucket', bucket).element('Key', encode(key));
  xml.element('EncodingType', encodingType).element('UploadId', uploadId);
  writePeople(xml, await uploadPeople(exchange, upload));
  xml.element('StorageClass', 'STANDARD').element('PartNumberMarker', marker);
  xml.element('NextPartNumberMarker', page.nextPartNumberMarker);
  xml.element('MaxParts', limit).element('IsTruncated', page.truncated);
  xml.element('ChecksumAlgorithm', upload.checksum?.algorithm);
  xml.element('ChecksumType', upload.checksum?.type);
  for (const part of page.parts) {
    xml.open('Part').element('PartNumber', part.number);
    xml.element('LastModified', xmlTime(part.modifiedUnixMs)).element('ETag', `"${part.etag}"`);
    xml.element('Size', part.sizeBytes);
    if (part.checksum !== undefined) writeChecksum(xml, part.checksum);
    xml.close('Part');
  }
  exchange.answer.sendXml(200, xml.close('ListPartsResult').toString());
}

async function readParts(
  exchange: Exchange,
  uploadId: string,
  afterPartNumber: number,
  limit: number,
): Promise<ListPartsPage> {
  const { store, bucket, key } = exchange;
  if (limit > 0) return store.listParts(bucket, key, uploadId, { afterPartNumber, limit });
  const upload = await store.headUpload(bucket, key, uploadId);
  return { upload, parts: [], truncated: false, nextPartNumberMarker: undefined };
}

function partMarker(given: string | undefined): number {
  if (given === undefined || given === '') return 0;
  return countOf('part-number-marker', given);
}

/** Who began an upload, and whose its object will be. */
interface ShownPeople {
  readonly initiator: ShownOwner;
  readonly owner: ShownOwner;
}

/** Of what nobody in particular began, the owner of its object is shown. */
async function uploadPeople(
  exchange: Exchange,
  { key, uploadId }: UploadInfo,
): Promise<ShownPeople> {
  const { access, bucket, store, edge } = exchange;
  const ofBucket = bucketOwner(exchange);
  try {
    const { acl, initiator } = await store.access.uploadPeople(bucket, key, uploadId);
    const { directory } = edge.users;
    const isBuckets = acl === null || access.guard(bucket).ownership === 'BucketOwnerEnforced';
    const owner = isBuckets ? ofBucket : directory.shown(decodeAcl(acl).ownerId);
    return { owner, initiator: initiator === undefined ? owner : directory.shown(initiator) };
  } catch (error) {
    if (!isLogStoreError(error, 'NO_SUCH_UPLOAD')) throw error; // it has ended since
    return { owner: ofBucket, initiator: ofBucket };
  }
}

function writePeople(xml: XmlWriter, { initiator, owner }: ShownPeople): void {
  writeOwner(xml, 'Initiator', initiator);
  writeOwner(xml, 'Owner', owner);
}
