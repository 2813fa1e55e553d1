import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { NextFunction, Request, Response } from 'express';
import { LogStoreError } from '../../base/errors.js';
import { authenticateRoot } from '../authenticate.js';
import type { Edge } from '../edge.js';
import { splitTarget } from '../s3/address.js';
import { type LedgerAnswer, ledgerRoutes } from './ledger-routes.js';
import { requireReader } from './proof-readers.js';

const prefix = '/_/ledger';
const compress = promisify(gzip);
/** Below it there is little to gain. */
const compressedBytesMin = 512;

/** Serves the table of the ledger's routes: what they answer is no JSON, what fails is. */
export async function serveLedger(
  edge: Edge,
  req: Request,
  res: Response,
  next: NextFunction,
): Promise<void> {
  const target = splitTarget(req.originalUrl);
  const rest = target.rawPath.slice(prefix.length);
  for (const route of ledgerRoutes) {
    const match = route.path.exec(rest);
    if (match === null) continue;
    if (route.access === 'root')
      authenticateRoot(edge, { method: req.method, ...target, headers: req.headers });
    const query = new URLSearchParams(target.rawQuery);
    if (route.access === 'reader') await requireReader(edge, req, query);
    const { ledger } = edge.store;
    if (ledger === undefined) throw new LogStoreError('NO_LEDGER', 'this store has no ledger');
    await send(edge, req, res, await route.answer(ledger, match.slice(1), query));
    return;
  }
  next();
}

async function send(edge: Edge, req: Request, res: Response, answer: LedgerAnswer): Promise<void> {
  const plain = Buffer.from(answer.body);
  const accepts = req.headers['accept-encoding']?.includes('gzip') === true;
  const isCompressed = accepts && plain.length >= compressedBytesMin;
  const body = isCompressed ? await compress(plain) : plain;
  res.writeHead(200, [
    ...['content-type', answer.contentType, 'cache-control', answer.cacheControl],
    ...(isCompressed ? ['content-encoding', 'gzip'] : []),
    ...['content-length', String(body.length), 'vary', 'accept-encoding'],
    ...['x-content-type-options', 'nosniff', 'x-amz-request-id', edge.requestIds.next()],
  ]);
  res.end(body);
}
