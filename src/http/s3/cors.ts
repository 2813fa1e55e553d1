import { isLogStoreError } from '../../base/errors.js';
import type { Store } from '../../store/types.js';
import { headerCountMax } from '../guards.js';
import type { Answer } from './answer.js';
import { readWholeBody } from './body.js';
import {
  type CorsRule,
  corsHeaders,
  corsMethods,
  readCorsRules,
  writeCorsRules,
} from './cors-rules.js';
import type { Exchange } from './exchange.js';
import { headerOf } from './header.js';
import { ReadDocuments } from './read-documents.js';
import { S3Error } from './s3-error.js';

const bodyBytesMax = 64 * 1024; // S3's own limit

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketCors.html */
export async function getBucketCors({ store, bucket, answer }: Exchange): Promise<void> {
  const found = await store.bucketConfiguration(bucket, 'cors');
  if (found === undefined) throw new S3Error('NoSuchCORSConfiguration');
  answer.sendXml(200, String(found.value));
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html */
export async function putBucketCors(exchange: Exchange): Promise<void> {
  const rules = readCorsRules(await readWholeBody(exchange, bodyBytesMax));
  await exchange.store.setBucketConfiguration(exchange.bucket, 'cors', writeCorsRules(rules));
  exchange.answer.sendEmpty(200);
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketCors.html */
export async function deleteBucketCors({ store, bucket, answer }: Exchange): Promise<void> {
  await store.setBucketConfiguration(bucket, 'cors', null);
  answer.sendEmpty(204);
}

/**
 * What a browser asks before it lets a page send a request: the one question that nobody signs.
 * @throws S3Error `BadRequest`; `AccessForbidden` where no rule allows it, or no bucket is
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/RESTOPTIONSobject.html
 */
export async function answerPreflight(answer: Answer, bucket: string): Promise<void> {
  const { headers } = answer.req;
  const { origin } = headers;
  if (origin === undefined)
    throw new S3Error('BadRequest', 'Insufficient information. Origin request header needed.');
  const method = headerOf(headers, 'access-control-request-method') ?? 'null';
  if (!corsMethods.includes(method))
    throw new S3Error('BadRequest', `Invalid Access-Control-Request-Method: ${method}`);
  const ResourceType = answer.key === '' ? 'BUCKET' : 'OBJECT';
  const details = { Method: method, ResourceType };
  const forbidden = (why: string) =>
    new S3Error('AccessForbidden', `CORSResponse: ${why}`, { details });
  const rules = await rulesOf(answer.edge.store, bucket);
  if (rules.length === 0) throw forbidden('CORS is not enabled for this bucket.');
  const names = (headerOf(headers, 'access-control-request-headers') ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
  const told =
    names.length > headerCountMax // no request has so many
      ? undefined
      : corsHeaders(rules, { origin, method, headers: names });
  if (told === undefined)
    throw forbidden(
      'This CORS request is not allowed. This is usually because the evalution of Origin, ' +
        'request method / Access-Control-Request-Method or Access-Control-Request-Headers are ' +
        "not whitelisted by the resource's CORS spec.",
    );
  answer.sendEmpty(200, told);
}

/**
 * Tells the browser that asks for a page of `origin` whether it may show the page the answer. A
 * method that is asked for goes before the request's own, as in S3: no browser asks for one here.
 */
export async function allowOrigin(answer: Answer, bucket: string, origin: string): Promise<void> {
  const { edge, req } = answer;
  const rules = await rulesOf(edge.store, bucket);
  const method = headerOf(req.headers, 'access-control-request-method') ?? req.method ?? '';
  const told = corsHeaders(rules, { origin, method, headers: [] });
  if (told !== undefined) answer.corsHeaders = told;
}

const rulesRead = new ReadDocuments(readCorsRules);

async function rulesOf(store: Store, bucket: string): Promise<readonly CorsRule[]> {
  const document = await documentOf(store, bucket);
  return document === undefined ? [] : rulesRead.of(document);
}

async function documentOf(store: Store, bucket: string): Promise<string | undefined> {
  try {
    const found = await store.bucketConfiguration(bucket, 'cors');
    return found === undefined ? undefined : String(found.value);
  } catch (error) {
    if (isLogStoreError(error, 'NO_SUCH_BUCKET')) return undefined;
    throw error;
  }
}
