import { limits } from '../../base/limits.js';
import type { DeleteOptions, DeleteResult } from '../../store/version-options.js';
import { readWholeBody } from './body.js';
import { etagCondition, writeCondition } from './conditions.js';
import { logError } from './error-answer.js';
import { causeOf } from './event-cause.js';
import type { Exchange } from './exchange.js';
import { pushReceipt, wantedReceipt } from './receipt.js';
import { rightOf } from './rights.js';
import { S3Error, toS3Error } from './s3-error.js';
import { bypassesGovernance, pushVersionId, versionIdOf } from './versions.js';
import { s3Document } from './xml.js';
import { childText, malformed, readXml, type XmlElement } from './xml-read.js';

const bodyBytesMax = 2 * 1024 ** 2; // 1,000 keys of 1,024 bytes, and what surrounds them

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html */
export async function deleteObject(exchange: Exchange): Promise<void> {
  const { store, bucket, key, headers, query } = exchange;
  using receipt = wantedReceipt(exchange);
  const options: DeleteOptions = {
    ...writeCondition(headers),
    versionId: versionIdOf(query),
    bypassGovernance: await bypassesGovernance(exchange, key),
    cause: causeOf(exchange),
  };
  const done = await store.delete(bucket, key, options);
  const { versionId, deleteMarker } = done;
  const described = pushVersionId([], versionId);
  if (deleteMarker === true) described.push('x-amz-delete-marker', 'true');
  // A marker that was made is a version; what was removed has none to be proved.
  const claim = deleteMarker === true && options.versionId === undefined ? 'version' : 'written';
  exchange.answer.sendEmpty(204, await pushReceipt(described, receipt, exchange, done, claim));
}

interface Doomed {
  readonly key: string;
  readonly etag: string | undefined;
  readonly versionId: string | undefined;
}

/**
 * Each key is deleted by itself, and has an answer of its own.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
 */
export async function deleteObjects(exchange: Exchange): Promise<void> {
  const body = await readWholeBody(exchange, bodyBytesMax);
  const { doomed, quiet } = readRequest(body);
  await exchange.store.headBucket(exchange.bucket);
  // Together, so that they share a sync.
  const outcomes = await Promise.all(doomed.map((one) => deleteOne(exchange, one)));
  exchange.answer.deletions = doomed.map(({ key, versionId }, index) => {
    const failure = outcomes[index] instanceof S3Error ? outcomes[index] : undefined;
    return { key, versionId, status: failure?.status ?? 204, errorCode: failure?.code };
  });

  const xml = s3Document('DeleteResult');
  for (const [index, { key, versionId }] of doomed.entries()) {
    const outcome = outcomes[index];
    if (outcome instanceof S3Error) {
      xml.open('Error').element('Key', key).element('VersionId', versionId);
      xml.element('Code', outcome.code).element('Message', outcome.message).close('Error');
    } else if (!quiet) {
      xml.open('Deleted').element('Key', key).element('VersionId', versionId);
      if (outcome?.deleteMarker === true) {
        xml.element('DeleteMarker', true).element('DeleteMarkerVersionId', outcome.versionId);
      }
      xml.close('Deleted');
    }
  }
  exchange.answer.sendXml(200, xml.close('DeleteResult').toString());
}

async function deleteOne(exchange: Exchange, one: Doomed): Promise<DeleteResult | S3Error> {
  const { key, etag, versionId } = one;
  const { access, bucket, store } = exchange;
  try {
    await access.require(rightOf('DeleteObject'), { bucket, key, versionId });
    return await store.delete(bucket, key, {
      ...(etag === undefined ? {} : etagCondition(etag)),
      versionId,
      bypassGovernance: await bypassesGovernance(exchange, key),
      cause: causeOf(exchange),
    });
  } catch (error) {
    const failure = toS3Error(error);
    logError(exchange.edge, exchange.answer.requestId, failure);
    return failure;
  }
}

function readRequest(body: Uint8Array): { doomed: readonly Doomed[]; quiet: boolean } {
  const request = readXml(body, 'Delete');
  const quiet = childText(request, 'Quiet')?.trim().toLowerCase() === 'true';
  const doomed: Doomed[] = [];
  for (const element of request.children) {
    if (element.name === 'Object') doomed.push(readObject(element));
    else if (element.name !== 'Quiet') throw malformed();
  }
  if (doomed.length === 0 || doomed.length > limits.transactionMutationsMax) throw malformed();
  return { doomed, quiet };
}

/** Conditions that S3 has for directory buckets alone: left out, they would spare nothing. */
const unserved = new Set(['LastModifiedTime', 'Size']);

function readObject(element: XmlElement): Doomed {
  if (element.children.some(({ name }) => unserved.has(name))) throw new S3Error('NotImplemented');
  const key = childText(element, 'Key');
  if (key === undefined || key === '') throw malformed();
  // Some clients name no version by an empty element.
  const versionId = childText(element, 'VersionId')?.trim() || undefined;
  return { key, etag: childText(element, 'ETag'), versionId };
}
