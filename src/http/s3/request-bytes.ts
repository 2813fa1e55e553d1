import { LogStoreError } from '../../base/errors.js';
import { freeSpent } from '../../memory/spent-memory.js';
import type { Answer } from './answer.js';
import { answerError } from './error-answer.js';
import { S3Error } from './s3-error.js';

/**
 * All bytes of a request whose length is known to be small.
 * @throws LogStoreError `ABORTED` when the client goes before it has sent them
 */
export function collectRequest(answer: Answer): Promise<Buffer> {
  const { edge, req } = answer;
  if (req.destroyed) return Promise.reject(gone()); // before this: it says so once
  answer.continue();
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let isGivenUp = false;
    const transfer = edge.transfers.begin(() => {
      isGivenUp = true;
      tellOfTimeout(answer);
    });
    transfer.waits();
    req.on('data', (chunk: Buffer) => {
      answer.bytesIn += chunk.length;
      transfer.moved(chunk.length);
      transfer.waits();
      chunks.push(chunk);
    });
    req.on('end', () => {
      transfer.end();
      if (isGivenUp) return reject(gone());
      answer.receivedMs = edge.clock.monotonicMs();
      const [only] = chunks;
      resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks));
    });
    // Comes behind `end` as well, where it changes nothing. An error is always followed by it.
    req.on('close', () => {
      transfer.end();
      if (!req.complete) reject(gone());
    });
  });
}

/**
 * The bytes of a request as they come; the client is held back while nobody pulls. A chunk is
 * valid until the next one is pulled. Ending early leaves the connection open, so that an answer
 * can still be sent.
 * @param tell of a client that sends too little for too long; what it sends then is not taken
 * @throws LogStoreError `ABORTED` when the client goes before it has sent them
 */
export async function* requestChunks(
  answer: Answer,
  tell: () => void = () => tellOfTimeout(answer),
): AsyncGenerator<Buffer, void, void> {
  const { edge, req } = answer;
  answer.continue();
  let isGivenUp = false;
  const transfer = edge.transfers.begin(() => {
    isGivenUp = true;
    tell();
  });
  const chunks = req.iterator({ destroyOnReturn: false });
  try {
    for (;;) {
      transfer.waits();
      const next = await chunks.next();
      if (isGivenUp) throw gone();
      if (next.done) {
        answer.receivedMs = edge.clock.monotonicMs();
        return;
      }
      const chunk: Buffer = next.value;
      transfer.moved(chunk.length);
      answer.bytesIn += chunk.length;
      yield chunk;
      freeSpent(chunk);
    }
  } catch (cause) {
    throw gone(cause);
  } finally {
    transfer.end();
    await chunks.return?.();
  }
}

/** The answer is sent at once, and ends the connection; whoever reads the body learns it then. */
function tellOfTimeout(answer: Answer): void {
  answerError(answer, new S3Error('RequestTimeout'));
}

function gone(cause?: unknown): LogStoreError {
  return new LogStoreError('ABORTED', 'the client went before it had sent its body', { cause });
}
