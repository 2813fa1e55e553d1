import { LogStoreError } from '../base/errors.js';

export function aborted(signal: AbortSignal): LogStoreError {
  return new LogStoreError('ABORTED', 'the caller gave up', { cause: signal.reason });
}

/**
 * `source`, whose next chunk fails with ABORTED once the signal is aborted, even while the source
 * itself never answers. It is told to return then, and not waited for.
 */
export function withSignal(
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncIterable<Uint8Array> {
  return signal === undefined ? source : abortable(source, signal);
}

async function* abortable(
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  let giveUp: ((error: LogStoreError) => void) | undefined;
  const onAbort = (): void => giveUp?.(aborted(signal));
  signal.addEventListener('abort', onAbort);
  const chunks = source[Symbol.asyncIterator]();
  let ended = false;
  try {
    while (!ended) {
      if (signal.aborted) throw aborted(signal);
      const result = await new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
        giveUp = reject;
        chunks.next().then(resolve, reject);
      });
      if (result.done === true) ended = true;
      else yield result.value;
    }
  } catch (error) {
    ended = !signal.aborted; // it threw itself: there is nothing left to return
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
    // Not awaited: a source that hangs in `next` would hang here too. What it throws now comes
    // after the answer.
    if (!ended) void chunks.return?.().catch(() => {});
  }
}
