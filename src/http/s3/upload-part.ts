import { limits } from '../../base/limits.js';
import type { ByteRange, ChecksumAlgorithm, CopiedPart, UploadInfo } from '../../store/types.js';
import type { FlatHeaders } from './answer.js';
import { bodyRefusal, receiveBody } from './body.js';
import { defaultAlgorithm, readChecksumClaims } from './checksum-headers.js';
import { pushChecksum, writeChecksum } from './checksum-names.js';
import { copySourceCondition } from './conditions.js';
import { copyRefusal, copySource } from './copy-source.js';
import {
  copySourceKey,
  customerKey,
  pushEncryption,
  uploadKeyRefusal,
} from './encryption-headers.js';
import type { Exchange } from './exchange.js';
import { headerOf } from './header.js';
import { invalidArgument, S3Error } from './s3-error.js';
import { s3Document, xmlTime } from './xml.js';

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html */
export async function uploadPart(exchange: Exchange): Promise<void> {
  const { store, bucket, key } = exchange;
  const { uploadId, number } = partOf(exchange);
  // Asked first: an upload that is not there is refused before its part is read.
  const upload = await store.headUpload(bucket, key, uploadId);
  const ofCustomer = customerKey(exchange);
  checkAlgorithm(readChecksumClaims(exchange.headers).algorithm, upload.checksum);
  const body = await receiveBody(exchange, limits.putBytesMax);
  const checksumAlgorithm = body.options.checksumAlgorithm ?? upload.checksum?.algorithm;
  const options = {
    ...{ ...body.options, checksumAlgorithm, customerKey: ofCustomer },
    defaultChecksum: defaultAlgorithm,
  };
  try {
    const part = await store.putPart(bucket, key, uploadId, number, body.source, options);
    exchange.answer.objectBytes = part.sizeBytes;
    const headers: FlatHeaders = ['etag', `"${part.etag}"`];
    if (part.checksum !== undefined) pushChecksum(headers, part.checksum);
    pushEncryption(headers, part.encryptedBy, exchange.headers);
    exchange.answer.sendEmpty(200, headers);
  } catch (error) {
    throw bodyRefusal(uploadKeyRefusal(error), body);
  }
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html */
export async function uploadPartCopy(exchange: Exchange): Promise<void> {
  const { store, bucket, key, headers } = exchange;
  const { uploadId, number } = partOf(exchange);
  const range = copyRange(headerOf(headers, 'x-amz-copy-source-range'));
  const source = { ...copySource(exchange), range, customerKey: copySourceKey(exchange) };
  const sourceCondition = copySourceCondition(headers);
  const options = {
    ...{ sourceCondition, customerKey: customerKey(exchange) },
    defaultChecksum: defaultAlgorithm,
  };
  using _promise = exchange.answer.promise();
  let part: CopiedPart;
  try {
    part = await store.copyPart(source, bucket, key, uploadId, number, options);
  } catch (error) {
    throw copyRefusal(error);
  }

  exchange.answer.objectBytes = part.sizeBytes;
  const xml = s3Document('CopyPartResult').element('ETag', `"${part.etag}"`);
  xml.element('LastModified', xmlTime(part.modifiedUnixMs));
  if (part.checksum !== undefined) writeChecksum(xml, part.checksum);
  const described: FlatHeaders = pushEncryption([], part.encryptedBy, headers);
  if (part.sourceVersionId !== undefined)
    described.push('x-amz-copy-source-version-id', part.sourceVersionId);
  exchange.answer.sendXml(200, xml.close('CopyPartResult').toString(), described);
}

/**
 * A part has no other checksum than its upload was begun with; and it must have that one where the
 * object's is made of those of the parts.
 */
function checkAlgorithm(sent: ChecksumAlgorithm | undefined, wanted: UploadInfo['checksum']): void {
  if (wanted === undefined || sent === wanted.algorithm) return;
  if (sent === undefined && wanted.type === 'FULL_OBJECT') return;
  const [theirs, ours] = [sent, wanted.algorithm].map((name) => name?.toLowerCase() ?? 'null');
  throw new S3Error(
    'InvalidRequest',
    'Checksum Type mismatch occurred, ' +
      `expected checksum Type: ${ours}, actual checksum Type: ${theirs}`,
  );
}

function partOf({ query }: Exchange): { uploadId: string; number: number } {
  const given = query.get('partNumber') ?? '';
  const number = /^\d{1,5}$/.test(given) ? Number(given) : 0;
  if (number < 1 || number > limits.partCountMax)
    throw invalidArgument(
      `Part number must be an integer between 1 and ${limits.partCountMax}, inclusive.`,
      'partNumber',
      given,
    );
  return { uploadId: query.get('uploadId') ?? '', number };
}

/** Both ends must be given; S3 has no other form here. */
function copyRange(given: string | undefined): ByteRange | undefined {
  if (given === undefined) return undefined;
  const ends = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(given);
  const [first, last] = [Number(ends?.[1]), Number(ends?.[2])];
  if (ends !== null && first <= last) return { startBytes: first, endBytes: last + 1 };
  throw invalidArgument(
    'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last ' +
      'are the zero-based offsets of the first and last bytes to copy',
    'x-amz-copy-source-range',
    given,
  );
}
