import type { ServerResponse } from 'node:http';
import { LogStoreError } from '../../base/errors.js';
import { limits } from '../../base/limits.js';
import { freeWithMemory } from '../../memory/spent-memory.js';
import type { ObjectReader } from '../../store/types.js';
import type { Transfer } from '../guards.js';
import type { Answer, FlatHeaders } from './answer.js';

/** An answer but for its body. */
export interface Description {
  readonly status: number;
  readonly headers: FlatHeaders;
}

/**
 * Sends what `reader` reads: small bodies at once, others as fast as the client takes them.
 * @throws LogStoreError `RECORD_CORRUPT`, `ABORTED` when the client has gone; headers may be out
 */
export async function sendBody(
  answer: Answer,
  reader: ObjectReader,
  { status, headers }: Description,
): Promise<void> {
  answer.objectBytes = reader.info.sizeBytes;
  const { startBytes, endBytes } = reader.range;
  const lengthBytes = endBytes - startBytes;
  if (lengthBytes <= limits.inlineBodyBytesMax) {
    answer.sendBytes(status, headers, await reader.bytes());
    return;
  }
  // The first chunk is read before the head is sent: damage found there is still an error answer.
  const chunks = reader.body()[Symbol.asyncIterator]();
  let next = await chunks.next();
  answer.sendHead(status, headers, lengthBytes);
  const transfer = answer.edge.transfers.begin(() => answer.cut());
  try {
    while (!next.done) {
      answer.bytesOut += next.value.length;
      await write(answer.res, transfer, next.value);
      freeWithMemory(next.value);
      next = await chunks.next();
    }
    answer.res.end();
  } finally {
    transfer.end();
    await chunks.return?.();
  }
}

/** Settles once the kernel has taken all of `chunk`: its memory is the store's again then. */
function write(res: ServerResponse, transfer: Transfer, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const gone = () => reject(new LogStoreError('ABORTED', 'the client has gone'));
    if (res.destroyed) {
      gone();
      return;
    }
    transfer.waits();
    res.once('close', gone);
    res.write(chunk, () => {
      res.off('close', gone);
      transfer.moved(chunk.length);
      resolve();
    });
  });
}
