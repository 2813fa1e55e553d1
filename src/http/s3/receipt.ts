import { encodeQueryPart } from '../../auth/sign.js';
import { LogStoreError } from '../../base/errors.js';
import type { Receipt } from '../../store/types.js';
import type { DeleteResult } from '../../store/version-options.js';
import type { FlatHeaders } from './answer.js';
import type { Exchange } from './exchange.js';
import { headerOf } from './header.js';
import { S3Error } from './s3-error.js';

export const receiptHeader = 'x-logstore-receipt';

/** The operations that make one change of one object, which a block then seals. */
const withReceipt = ['PutObject', 'CopyObject', 'CompleteMultipartUpload', 'DeleteObject'];

/** @throws S3Error `InvalidRequest` where an operation makes nothing that a receipt could be of */
export function refuseReceipt(operation: string): void {
  if (withReceipt.includes(operation)) return;
  const names = withReceipt.join(', ');
  throw new S3Error('InvalidRequest', `A receipt is of ${names}; ${operation} has none.`);
}

/**
 * Takes a place among those who wait for a block, where the request asks for it: before its body is
 * read, so that what cannot be answered is not stored either.
 * @throws S3Error `InvalidArgument`; LogStoreError `NO_LEDGER`, `LEDGER_BROKEN`, `BUSY`
 */
export function wantedReceipt({ headers, store }: Exchange): Receipt | undefined {
  const wanted = headerOf(headers, receiptHeader);
  if (wanted === undefined) return undefined;
  if (wanted !== 'wait') throw new S3Error('InvalidArgument', `${receiptHeader} is 'wait' or none`);
  if (store.ledger === undefined)
    throw new LogStoreError('NO_LEDGER', 'this store has no ledger: there are no receipts');
  return store.ledger.receipt();
}

/**
 * Waits for the block of what was written, and says where its proof is: of the version, or of what
 * leaves none that it was written.
 * @param version undefined where nothing had to be changed: there is nothing to prove
 */
export async function pushReceipt(
  headers: FlatHeaders,
  receipt: Receipt | undefined,
  { answer, bucket, key }: Exchange,
  { version }: Pick<DeleteResult, 'version'>,
  claim: 'version' | 'written' = 'version',
): Promise<FlatHeaders> {
  if (receipt === undefined) return headers;
  if (version === undefined) {
    headers.push(receiptHeader, 'none');
    return headers;
  }
  const gone = new AbortController();
  const leave = () => gone.abort();
  answer.res.once('close', leave);
  const isSealed = await receipt.sealed(version, gone.signal);
  answer.res.off('close', leave);
  headers.push(receiptHeader, isSealed ? 'sealed' : 'pending');
  headers.push('x-logstore-proof', proofAddress(claim, bucket, key, version));
  return headers;
}

/** Its query is in the order and the encoding that are signed: some clients sign it as it is. */
function proofAddress(claim: string, bucket: string, key: string, version: number): string {
  const name = `bucket=${encodeQueryPart(bucket)}&claim=${claim}&key=${encodeQueryPart(key)}`;
  return `/_/ledger/proof?${name}&version=${version}`;
}
