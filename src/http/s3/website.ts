import { isLogStoreError } from '../../base/errors.js';
import { unsigned } from '../authenticate.js';
import type { Address } from './address.js';
import type { Answer } from './answer.js';
import { logError } from './error-answer.js';
import type { Exchange } from './exchange.js';
import { getObject, headObject } from './get-object.js';
import { describeObject, headerBytes } from './object-headers.js';
import { Query } from './query.js';
import { ReadDocuments } from './read-documents.js';
import { RequestAccess } from './request-access.js';
import { S3Error, toS3Error } from './s3-error.js';
import { sendBody } from './send-body.js';
import {
  type Destination,
  destinationOf,
  readWebsiteRules,
  type WebsiteRules,
} from './website-rules.js';
import { escapeXml } from './xml.js';

/**
 * Shows a bucket to browsers. Nobody signs here: everybody sees what everybody may read.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteHosting.html
 */
export async function serveWebsite(answer: Answer, address: Address): Promise<void> {
  answer.operation = 'GetWebsite';
  const { key } = address;
  let rules: WebsiteRules | undefined;
  try {
    checkMethod(answer);
    rules = await rulesOf(answer, address.bucket);
    const elsewhere = destinationOf(rules, key, undefined, answer.origin);
    if (elsewhere !== undefined) sendAway(answer, elsewhere);
    else await showObject(answer, address, withIndex(rules, key));
  } catch (error) {
    if (answer.res.headersSent) throw error;
    const failure = toS3Error(error);
    if (failure.status === 304) throw failure;
    answer.errorCode = failure.code;
    logError(answer.edge, answer.requestId, failure);
    await showFailure(answer, address, rules, failure);
  }
}

function checkMethod({ req }: Answer): void {
  if (req.method !== 'GET' && req.method !== 'HEAD') throw new S3Error('MethodNotAllowed');
}

const rulesRead = new ReadDocuments(readWebsiteRules);

async function rulesOf({ edge }: Answer, bucket: string): Promise<WebsiteRules> {
  const found = await edge.store.bucketConfiguration(bucket, 'website');
  if (found === undefined) throw new S3Error('NoSuchWebsiteConfiguration');
  return rulesRead.of(String(found.value));
}

function withIndex({ indexSuffix }: WebsiteRules, key: string): string {
  return key === '' || key.endsWith('/') ? key + indexSuffix : key;
}

/** The request as if nobody in particular had asked for `key` over S3. */
function exchangeFor(answer: Answer, address: Address, key: string): Exchange {
  const { edge, req } = answer;
  const [{ bucket }, { headers }, query] = [address, req, Query.empty];
  const identity = unsigned({ is: 'unsigned' });
  const access = new RequestAccess({ edge, req, headers, query, identity });
  answer.access = access;
  return {
    ...{ edge, store: edge.store, answer, bucket, key, query, headers, identity, access },
    address: { ...address, key, scope: 'object' },
  };
}

async function showObject(answer: Answer, address: Address, key: string): Promise<void> {
  const exchange = exchangeFor(answer, address, key);
  const { bucket, access } = exchange;
  try {
    await access.requireOperation('GetObject', { bucket, key });
    const location = await redirectOf(exchange);
    if (location !== undefined) sendAway(answer, { status: 301, location });
    else await (answer.req.method === 'HEAD' ? headObject(exchange) : getObject(exchange));
  } catch (error) {
    throw await access.toldOfAbsence(error, { bucket, key });
  }
}

/** Where the object itself sends who asks for it. */
async function redirectOf({ store, bucket, key }: Exchange): Promise<string | undefined> {
  const { headers } = await store.head(bucket, key);
  return headerBytes(headers.websiteRedirect ?? '') || undefined;
}

async function showFailure(
  answer: Answer,
  address: Address,
  rules: WebsiteRules | undefined,
  failure: S3Error,
): Promise<void> {
  const { key } = address;
  if (rules !== undefined && (failure.status === 404 || failure.status === 403)) {
    const isFolder = key !== '' && !key.endsWith('/');
    if (isFolder && (await isShown(answer, address, `${key}/${rules.indexSuffix}`))) {
      const path = (answer.req.url ?? '/').split('?')[0];
      sendAway(answer, { status: 302, location: `${path}/` });
      return;
    }
    const elsewhere = destinationOf(rules, key, failure.status, answer.origin);
    if (elsewhere !== undefined) {
      sendAway(answer, elsewhere);
      return;
    }
    const { errorKey } = rules;
    if (errorKey !== undefined && (await showErrorObject(answer, address, errorKey, failure)))
      return;
  }
  const page = Buffer.from(errorPage(answer, failure), 'utf8');
  const headers = ['content-type', 'text/html; charset=utf-8', 'x-amz-error-code', failure.code];
  if (answer.req.method === 'HEAD') answer.sendDescription(failure.status, headers, page.length);
  else answer.sendBytes(failure.status, headers, page);
}

async function isShown(answer: Answer, address: Address, key: string): Promise<boolean> {
  const { access, store, bucket } = exchangeFor(answer, address, key);
  try {
    await access.requireOperation('GetObject', { bucket, key });
    await store.head(bucket, key);
    return true;
  } catch (error) {
    if (isHidden(error)) return false;
    throw error;
  }
}

/** @returns false if it cannot be shown either */
async function showErrorObject(
  answer: Answer,
  address: Address,
  key: string,
  { status }: S3Error,
): Promise<boolean> {
  const { access, store, bucket } = exchangeFor(answer, address, key);
  try {
    await access.requireOperation('GetObject', { bucket, key });
    await using reader = await store.get(bucket, key);
    const headers = describeObject(reader.info);
    const { sizeBytes } = reader.info;
    if (answer.req.method === 'HEAD') answer.sendDescription(status, headers, sizeBytes);
    else await sendBody(answer, reader, { status, headers });
    return true;
  } catch (error) {
    if (!answer.res.headersSent && isHidden(error)) return false;
    throw error;
  }
}

/** Not there, not for everybody, or under a key that no browser has. */
function isHidden(error: unknown): boolean {
  if (error instanceof S3Error) return error.code === 'AccessDenied';
  return isLogStoreError(error, 'NO_SUCH_KEY', 'KEY_NEEDED');
}

function sendAway(answer: Answer, { status, location }: Destination): void {
  answer.sendEmpty(status, ['location', location]);
}

function errorPage({ requestId, edge }: Answer, { status, code, message }: S3Error): string {
  const title = `${status} ${code}`;
  const rows = {
    Code: code,
    Message: message,
    RequestId: requestId,
    HostId: edge.requestIds.hostId,
  };
  const items = Object.entries(rows).map(([name, text]) => `<li>${name}: ${escapeXml(text)}</li>`);
  return (
    `<!DOCTYPE html>\n<html><head><title>${title}</title></head>\n` +
    `<body><h1>${title}</h1><ul>\n${items.join('\n')}\n</ul></body></html>\n`
  );
}
