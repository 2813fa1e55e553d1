import { isLogStoreError } from '../../base/errors.js';
import { limits } from '../../base/limits.js';
import type { ChecksumAlgorithm, CompletedPart, CompleteUploadOptions } from '../../store/types.js';
import type { FlatHeaders } from './answer.js';
import { readWholeBody } from './body.js';
import { checksumBase64, checksumType, readChecksum, uploadChecksum } from './checksum-headers.js';
import { checksumElements, writeChecksum } from './checksum-names.js';
import { bareEtag, writeCondition } from './conditions.js';
import {
  customerKey,
  pushEncryption,
  uploadKeyRefusal,
  writeEncryption,
} from './encryption-headers.js';
import { causeOf } from './event-cause.js';
import type { Exchange } from './exchange.js';
import { headerOf } from './header.js';
import { pushExpiration } from './lifecycle-header.js';
import { initialState } from './lock-headers.js';
import { objectAttributes } from './object-headers.js';
import { pushReceipt, wantedReceipt } from './receipt.js';
import { invalidArgument, S3Error } from './s3-error.js';
import { pushOwnVersionId } from './versions.js';
import { s3Document } from './xml.js';
import { childText, malformed, readXml, type XmlElement } from './xml-read.js';

const completeBodyBytesMax = 4 * 1024 ** 2; // 10,000 parts with a checksum each

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html */
export async function createMultipartUpload(exchange: Exchange): Promise<void> {
  const { store, bucket, key, headers } = exchange;
  const checksum = uploadChecksum(headers);
  const attributes = objectAttributes(headers);
  const initial = initialState(exchange);
  const encryption = writeEncryption(exchange);
  await readWholeBody(exchange, 0); // none: but what was signed for must be what came
  const { principal } = exchange.identity;
  const initiator = principal.is === 'anonymous' ? undefined : principal.ownerId;
  const options = { ...attributes, ...initial, checksum, encryption, initiator };
  const upload = await store.createUpload(bucket, key, options);

  const xml = s3Document('InitiateMultipartUploadResult').element('Bucket', bucket);
  xml.element('Key', key).element('UploadId', upload.uploadId);
  const answerHeaders: FlatHeaders =
    upload.checksum === undefined
      ? []
      : [
          'x-amz-checksum-algorithm',
          upload.checksum.algorithm,
          'x-amz-checksum-type',
          upload.checksum.type,
        ];
  const document = xml.close('InitiateMultipartUploadResult').toString();
  pushEncryption(answerHeaders, upload.encryptedBy, headers);
  exchange.answer.sendXml(200, document, answerHeaders);
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html */
export async function completeMultipartUpload(exchange: Exchange): Promise<void> {
  const { store, bucket, key, headers } = exchange;
  const uploadId = exchange.query.get('uploadId') ?? '';
  const parts = readParts(await readWholeBody(exchange, completeBodyBytesMax, 'of-object'));
  const options: CompleteUploadOptions = {
    ...writeCondition(headers),
    checksum: readChecksum(headers),
    checksumType: checksumType(headerOf(headers, 'x-amz-checksum-type')),
    sizeBytes: objectSize(headerOf(headers, 'x-amz-mp-object-size')),
    cause: causeOf(exchange),
    customerKey: customerKey(exchange),
  };
  await requirePartChecksums(exchange, uploadId, parts);
  using receipt = wantedReceipt(exchange);
  using _promise = exchange.answer.promise();
  const info = await store
    .completeUpload(bucket, key, uploadId, parts, options)
    .catch((error: unknown) => {
      throw completionRefusal(uploadKeyRefusal(error), uploadId, parts);
    });
  exchange.answer.objectBytes = info.sizeBytes;

  const xml = s3Document('CompleteMultipartUploadResult');
  xml.element('Location', location(exchange)).element('Bucket', bucket).element('Key', key);
  xml.element('ETag', `"${info.etag}"`);
  for (const checksum of info.checksums) writeChecksum(xml, checksum, info.parts.length);
  const document = xml.close('CompleteMultipartUploadResult').toString();
  const written = pushOwnVersionId([], info.versionId);
  pushEncryption(written, info.encryptedBy, headers);
  await pushExpiration(written, exchange, info);
  exchange.answer.sendXml(200, document, await pushReceipt(written, receipt, exchange, info));
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html */
export async function abortMultipartUpload(exchange: Exchange): Promise<void> {
  const { store, bucket, key, query } = exchange;
  await store.abortUpload(bucket, key, query.get('uploadId') ?? '');
  exchange.answer.sendEmpty(204);
}

function location({ address, answer, bucket, key }: Exchange): string {
  const path = encodeURIComponent(key);
  return address.bucketInHost ? `${answer.origin}/${path}` : `${answer.origin}/${bucket}/${path}`;
}

function objectSize(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  if (/^\d{1,15}$/.test(given)) return Number(given);
  const what = /^-\d+$/.test(given) ? 'less than zero' : 'invalid';
  throw new S3Error(
    'InvalidRequest',
    `Value for x-amz-mp-object-size header is ${what}: '${given}'`,
  );
}

function readParts(body: Uint8Array): CompletedPart[] {
  if (body.length === 0) throw malformed();
  const parts = readXml(body, 'CompleteMultipartUpload').children.map(readPart);
  if (parts.length === 0 || parts.length > limits.partCountMax) throw malformed();
  return parts;
}

function readPart(element: XmlElement): CompletedPart {
  const number = childText(element, 'PartNumber')?.trim();
  const etag = childText(element, 'ETag')?.trim();
  if (element.name !== 'Part' || number === undefined || etag === undefined) throw malformed();
  if (/^(-\d+|0+)$/.test(number))
    throw invalidArgument('PartNumber must be >= 1', 'PartNumber', number);
  if (!/^\d{1,5}$/.test(number)) throw malformed();
  return {
    number: Number(number),
    etag: bareEtag(etag),
    checksum: partChecksum(element),
  };
}

function partChecksum(
  element: XmlElement,
): { algorithm: ChecksumAlgorithm; value: Uint8Array } | undefined {
  let found: { algorithm: ChecksumAlgorithm; value: Uint8Array } | undefined;
  for (const [algorithm, name] of checksumElements) {
    const text = childText(element, name)?.trim();
    if (text === undefined) continue;
    const value = checksumBase64(algorithm, text);
    if (found !== undefined || value === undefined)
      throw invalidArgument(
        'Invalid Base64 or multiple checksums present in request',
        'Checksum',
        text,
      );
    found = { algorithm, value };
  }
  return found;
}

/** What the object's checksum is made of must come with each part, as it does in S3. */
async function requirePartChecksums(
  { store, bucket, key }: Exchange,
  uploadId: string,
  parts: readonly CompletedPart[],
): Promise<void> {
  const bare = parts.find(({ checksum }) => checksum === undefined);
  if (bare === undefined) return;
  const { checksum } = await store.headUpload(bucket, key, uploadId).catch((error: unknown) => {
    if (isLogStoreError(error, 'NO_SUCH_UPLOAD')) return { checksum: undefined }; // ended before
    throw error;
  });
  if (checksum?.type !== 'COMPOSITE') return;
  throw new S3Error(
    'InvalidRequest',
    `The upload was created using a ${checksum.algorithm.toLowerCase()} checksum. The complete ` +
      'request must include the checksum for each part. ' +
      `It was missing for part ${bare.number} in the request.`,
  );
}

/** Of a completion: arguments that contradict the upload are wrong requests, in S3's words. */
function completionRefusal(
  error: unknown,
  UploadId: string,
  parts: readonly CompletedPart[],
): unknown {
  if (!isLogStoreError(error)) return error;
  if (error.code === 'INVALID_ARGUMENT')
    return new S3Error('InvalidRequest', error.message, { cause: error });
  if (error.part === undefined) return error;
  const { number: PartNumber, sizeBytes: ProposedSize } = error.part;
  const part = { PartNumber, ETag: parts.find(({ number }) => number === PartNumber)?.etag ?? '' };
  return ProposedSize === undefined
    ? new S3Error('InvalidPart', undefined, { details: { UploadId, ...part }, cause: error })
    : new S3Error('EntityTooSmall', undefined, {
        details: { ProposedSize, MinSizeAllowed: limits.partBytesMin, ...part },
        cause: error,
      });
}
