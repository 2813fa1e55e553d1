import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Request } from 'express';
import { LogStoreError } from '../../base/errors.js';
import { authenticateRoot } from '../authenticate.js';
import { splitTarget } from '../s3/address.js';
import type { Answer, FlatHeaders } from '../s3/answer.js';
import { type LedgerAnswer, ledgerRoutes } from './ledger-routes.js';
import { sendNotFound } from './native-answer.js';
import { requireReader } from './proof-readers.js';

const prefix = '/_/ledger';
const compress = promisify(gzip);
/** Below it there is little to gain. */
const compressedBytesMin = 512;

/** Serves the table of the ledger's routes: what they answer is no JSON, what fails is. */
export async function serveLedger(answer: Answer, req: Request): Promise<void> {
  const { edge } = answer;
  const target = splitTarget(req.originalUrl);
  const rest = target.rawPath.slice(prefix.length);
  for (const route of ledgerRoutes) {
    const match = route.path.exec(rest);
    if (match === null) continue;
    if (route.access === 'root')
      authenticateRoot(edge, { method: req.method, ...target, headers: req.headers });
    const query = new URLSearchParams(target.rawQuery);
    const toldAs = route.access === 'reader' ? await requireReader(edge, req, query) : undefined;
    const { ledger } = edge.store;
    if (ledger === undefined) throw new LogStoreError('NO_LEDGER', 'this store has no ledger');
    const found = route.answer(ledger, match.slice(1), query).catch(async (error: unknown) => {
      throw toldAs === undefined ? error : await toldAs(error);
    });
    await send(answer, req, await found);
    return;
  }
  sendNotFound(answer);
}

async function send(answer: Answer, req: Request, found: LedgerAnswer): Promise<void> {
  const plain = Buffer.from(found.body);
  const accepts = req.headers['accept-encoding']?.includes('gzip') === true;
  const isCompressed = accepts && plain.length >= compressedBytesMin;
  const body = isCompressed ? await compress(plain) : plain;
  const headers: FlatHeaders = [
    ...['content-type', found.contentType, 'cache-control', found.cacheControl],
    ...(isCompressed ? ['content-encoding', 'gzip'] : []),
    ...['vary', 'accept-encoding', 'x-content-type-options', 'nosniff'],
  ];
  answer.sendBytes(200, headers, body);
}
