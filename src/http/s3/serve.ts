import type { IncomingMessage, ServerResponse } from 'node:http';
import { isLogStoreError } from '../../base/errors.js';
import { authenticate } from '../authenticate.js';
import type { Edge } from '../edge.js';
import { badShape } from '../guards.js';
import {
  type Address,
  addressOf,
  bucketInHost,
  type RequestTarget,
  splitTarget,
} from './address.js';
import { Answer } from './answer.js';
import { readObject } from './copy-source.js';
import { allowOrigin, answerPreflight } from './cors.js';
import { answerError } from './error-answer.js';
import type { Exchange } from './exchange.js';
import { requireFurther } from './further-rights.js';
import { withHoistedHeaders } from './hoisted-headers.js';

import type { Operation } from './operations.js';
import { refuseOtherOwner } from './owner.js';

import { isForm, postObject, refuseNoForm } from './post-object.js';

import { Query } from './query.js';
import { receiptHeader, refuseReceipt } from './receipt.js';
import { refuseUnserved, refuseVersionId } from './refusals.js';
import { RequestAccess } from './request-access.js';
import { route } from './route.js';
import { S3Error } from './s3-error.js';
import { serveWebsite } from './website.js';

/** Answers one S3 request, whatever it is. Never throws; nothing is read of a refused body. */
export function serveS3(edge: Edge, req: IncomingMessage, res: ServerResponse): void {
  const answer = Answer.to(edge, req, res);
  edge.requestLog.follow(answer);
  try {
    answerTo(answer).catch((error: unknown) => answerError(answer, error));
  } catch (error) {
    // Not at once: the parser may still find what follows the headers malformed, and answer 400.
    queueMicrotask(() => answerError(answer, error));
  }
}

/** Refuses by throwing; what comes back is the handler's promise. */
function answerTo(answer: Answer): Promise<void> {
  const { edge, req } = answer;
  if (edge.requestLog.underWay > edge.limits.requestsMax) throw new S3Error('SlowDown');
  const shape = badShape(req);
  if (shape === 'headers') throw new S3Error('RequestHeaderSectionTooLarge');
  if (shape === 'url') throw new S3Error('InvalidURI', 'The request URI is too long.');

  const target = splitTarget(req.url ?? '/');
  const isWebsite = isOfWebsite(edge, req);
  const domain = isWebsite ? edge.websiteDomain : edge.domain;
  const address = addressOf(target.rawPath, req.headers.host, domain);
  answer.bucket = address.bucket;
  answer.key = address.key;
  const { method = '' } = req;
  if (method === 'OPTIONS') return answerPreflight(answer, address.bucket);
  const answered = () =>
    isWebsite ? serveWebsite(answer, address) : performAny(answer, target, address);
  const { origin } = req.headers;
  if (origin === undefined || address.bucket === '') return answered();
  return allowOrigin(answer, address.bucket, origin).then(answered);
}

/** Whether a request comes to a bucket's website, by the name of its host. */
export function isOfWebsite({ websiteDomain }: Edge, { headers }: IncomingMessage): boolean {
  if (websiteDomain === undefined) return false;
  return bucketInHost(headers.host ?? '', websiteDomain) !== undefined;
}

function performAny(answer: Answer, target: RequestTarget, address: Address): Promise<void> {
  const { method, headers } = answer.req;
  const isPlainPost = method === 'POST' && address.scope === 'bucket' && target.rawQuery === '';
  if (!isPlainPost || headers.authorization) return perform(answer, target, address);
  // Nothing but a form proves itself by its body.
  return isForm(headers) ? postObject(answer, address) : refuseNoForm();
}

function perform(answer: Answer, target: RequestTarget, address: Address): Promise<void> {
  const { edge, req } = answer;
  const { method = '' } = req;
  const query = target.rawQuery === '' ? Query.empty : new Query(target.rawQuery);
  const bucketInHost = address.bucketInHost ? address.bucket : undefined;
  const signed = { method, ...target, headers: req.headers, bucketInHost };
  const identity = authenticate(edge, signed);
  answer.user = identity.principal.name;
  answer.identity = identity;
  const headers = identity.presigned ? withHoistedHeaders(req.headers, query) : req.headers;

  const operation = route(method, address, query, headers);
  answer.operation = operation.name;
  const { bucket, key } = address;
  const access = new RequestAccess({ edge, req, headers, query, identity });
  answer.access = access;
  answer.versionId = versionOf(operation, query);
  const wanted = { bucket, key, versionId: answer.versionId };
  const allowed = access.requireOperation(operation.name, wanted);
  const { store } = edge;
  const exchange: Exchange = {
    ...{ edge, store, answer, address, bucket, key },
    ...{ query, headers, identity, access },
  };
  return allowed === undefined
    ? carryOut(operation, exchange)
    : allowed.then(() => carryOut(operation, exchange));
}

function versionOf({ takesVersion }: Operation, query: Query): string | undefined {
  return takesVersion ? query.get('versionId') : undefined;
}

function carryOut(operation: Operation, exchange: Exchange): Promise<void> {
  const { headers, query, access } = exchange;
  refuseUnserved(headers);
  refuseOtherOwner(exchange);
  refuseOverrides(exchange);
  if (headers[receiptHeader] !== undefined) refuseReceipt(operation.name);
  if (!operation.takesVersion) refuseVersionId(query.get('versionId'));
  const { handle } = operation;
  if (handle === undefined) throw new S3Error('NotImplemented');
  const allowed = requireFurther(operation.name, exchange);
  const done = allowed === undefined ? handle(exchange) : allowed.then(() => handle(exchange));
  return done.catch(async (error: unknown) => {
    const UploadId = isLogStoreError(error, 'NO_SUCH_UPLOAD') ? query.get('uploadId') : undefined;
    if (UploadId !== undefined)
      throw new S3Error('NoSuchUpload', undefined, { details: { UploadId }, cause: error });
    throw await access.toldOfAbsence(error, readObject(exchange));
  });
}

/** Whoever signs nothing cannot have a link of theirs answered with headers of their choice. */
function refuseOverrides({ identity, query }: Exchange): void {
  if (identity.principal.is !== 'anonymous' || query.size === 0) return;
  for (const [name] of query)
    if (/^response-(content-|cache-control$|expires$)/.test(name))
      throw new S3Error(
        'InvalidRequest',
        'Request specific response headers cannot be used for anonymous GET requests.',
      );
}
