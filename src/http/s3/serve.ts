import type { IncomingMessage, ServerResponse } from 'node:http';
import { authenticate } from '../authenticate.js';
import type { Edge } from '../edge.js';
import { badShape } from '../guards.js';
import { type Address, addressOf, type RequestTarget, splitTarget } from './address.js';
import { Answer } from './answer.js';
import { allowOrigin, answerPreflight } from './cors.js';
import { answerError } from './error-answer.js';
import type { Exchange } from './exchange.js';
import { withHoistedHeaders } from './hoisted-headers.js';
import { canonicalId, refuseOtherOwner } from './owner.js';
import { isForm, postObject } from './post-object.js';
import { Query } from './query.js';
import { receiptHeader, refuseReceipt } from './receipt.js';
import { refuseUnserved, refuseVersionId } from './refusals.js';
import { route } from './route.js';
import { S3Error } from './s3-error.js';

/** Answers one S3 request, whatever it is. Never throws; nothing is read of a refused body. */
export function serveS3(edge: Edge, req: IncomingMessage, res: ServerResponse): void {
  // With a listener for `checkContinue` Node leaves it to us to let the client go on.
  const continueExpected = req.headers.expect !== undefined;
  const answer = new Answer(edge, req, res, edge.requestIds.next(), continueExpected);
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
  const address = addressOf(target.rawPath, req.headers.host, edge.domain);
  answer.bucket = address.bucket;
  answer.key = address.key;
  const { method = '' } = req;
  if (method === 'OPTIONS') return answerPreflight(answer, address.bucket);
  const { origin } = req.headers;
  if (origin === undefined || address.bucket === '') return performAny(answer, target, address);
  const allowed = allowOrigin(answer, address.bucket, origin);
  return allowed.then(() => performAny(answer, target, address));
}

function performAny(answer: Answer, target: RequestTarget, address: Address): Promise<void> {
  const { method, headers } = answer.req;
  const isFormOfBucket = method === 'POST' && address.scope === 'bucket' && isForm(headers);
  if (!isFormOfBucket || headers.authorization !== undefined || target.rawQuery !== '')
    return perform(answer, target, address);
  return postObject(answer, address);
}

function perform(answer: Answer, target: RequestTarget, address: Address): Promise<void> {
  const { edge, req } = answer;
  const { method = '' } = req;
  const query = target.rawQuery === '' ? Query.empty : new Query(target.rawQuery);
  const bucketInHost = address.bucketInHost ? address.bucket : undefined;
  const signed = { method, ...target, headers: req.headers, bucketInHost };
  const identity = authenticate(edge, signed);
  const headers = identity.presigned ? withHoistedHeaders(req.headers, query) : req.headers;

  const operation = route(method, address, query, headers);
  answer.operation = operation.name;
  refuseUnserved(headers);
  refuseOtherOwner(headers, canonicalId(identity.accessKeyId));
  if (headers[receiptHeader] !== undefined) refuseReceipt(operation.name);
  if (!operation.takesVersion) refuseVersionId(query.get('versionId'));
  if (operation.handle === undefined) throw new S3Error('NotImplemented');
  const { bucket, key } = address;
  const { store } = edge;
  const exchange: Exchange = {
    edge,
    store,
    answer,
    address,
    bucket,
    key,
    query,
    headers,
    identity,
  };
  return operation.handle(exchange);
}
