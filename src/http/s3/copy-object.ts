import type { CopiedObject, CopyOptions, ObjectAttributes } from '../../store/types.js';
import type { InitialState } from '../../store/version-options.js';
import { checksumAlgorithm } from './checksum-headers.js';
import { writeChecksum } from './checksum-names.js';
import { copySourceCondition, writeCondition } from './conditions.js';
import { copyRefusal, copySource } from './copy-source.js';
import { copySourceKey, pushEncryption, writeEncryption } from './encryption-headers.js';
import { causeOf } from './event-cause.js';
import type { Exchange } from './exchange.js';
import { headerOf } from './header.js';
import { pushExpiration } from './lifecycle-header.js';
import { initialState } from './lock-headers.js';
import { objectAttributes, websiteRedirect } from './object-headers.js';
import { pushReceipt, wantedReceipt } from './receipt.js';
import { invalidArgument, S3Error } from './s3-error.js';
import { pushOwnVersionId } from './versions.js';
import { s3Document, xmlTime } from './xml.js';

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
export async function copyObject(exchange: Exchange): Promise<void> {
  const { store, bucket, key, headers } = exchange;
  const source = { ...copySource(exchange), customerKey: copySourceKey(exchange) };
  const encryption = writeEncryption(exchange);
  const attributes = replacement(exchange);
  const redirect = websiteRedirect(headers);
  const onItself = source.versionId === undefined && source.bucket === bucket && source.key === key;
  const classNamed = headers['x-amz-storage-class'] !== undefined; // there is but one: a touch
  const changesNothing =
    attributes === undefined && encryption === undefined && redirect === undefined && !classNamed;
  if (onItself && changesNothing)
    throw new S3Error(
      'InvalidRequest',
      'This copy request is illegal because it is trying to copy an object to itself without ' +
        "changing the object's metadata, storage class, website redirect location or encryption " +
        'attributes.',
    );
  const options: CopyOptions = {
    ...writeCondition(headers),
    attributes,
    websiteRedirect: redirect,
    encryption,
    ...copiedState(exchange),
    cause: causeOf(exchange),
    sourceCondition: copySourceCondition(headers),
    checksumAlgorithm: checksumAlgorithm(headerOf(headers, 'x-amz-checksum-algorithm')),
  };
  using receipt = wantedReceipt(exchange);
  using _promise = exchange.answer.promise();
  let info: CopiedObject;
  try {
    info = await store.copy(source, bucket, key, options);
  } catch (error) {
    throw copyRefusal(error);
  }

  exchange.answer.objectBytes = info.sizeBytes;
  const xml = s3Document('CopyObjectResult').element('ETag', `"${info.etag}"`);
  xml.element('LastModified', xmlTime(info.modifiedUnixMs));
  for (const checksum of info.checksums) writeChecksum(xml, checksum, info.parts.length);
  const described = pushOwnVersionId([], info.versionId);
  pushEncryption(described, info.encryptedBy, headers);
  await pushExpiration(described, exchange, info);
  if (info.sourceVersionId !== undefined)
    described.push('x-amz-copy-source-version-id', info.sourceVersionId);
  await pushReceipt(described, receipt, exchange, info);
  exchange.answer.sendXml(200, xml.close('CopyObjectResult').toString(), described);
}

/** The lock and the grants of the copy, and its tags where they are not the source's. */
function copiedState(exchange: Exchange): InitialState {
  const { tags, ...own } = initialState(exchange);
  const directive = headerOf(exchange.headers, 'x-amz-tagging-directive') ?? 'COPY';
  if (directive === 'COPY') return own;
  if (directive === 'REPLACE') return { ...own, tags: tags ?? {} };
  throw invalidArgument('Unknown tagging directive.', 'x-amz-tagging-directive', directive);
}

/** What the copy has in place of the source's metadata; undefined: the source's. */
function replacement({ headers }: Exchange): ObjectAttributes | undefined {
  const directive = headerOf(headers, 'x-amz-metadata-directive') ?? 'COPY';
  if (directive === 'COPY') return undefined;
  if (directive === 'REPLACE') return objectAttributes(headers);
  throw invalidArgument('Unknown metadata directive.', 'x-amz-metadata-directive', directive);
}
