import { MessageChannel } from 'node:worker_threads';

const worthBytesMin = 4 * 1024;

const { port1: nowhere, port2: closed } = new MessageChannel();
closed.close(); // and `nowhere` with it

/**
 * Frees the memory of a chunk that nobody reads any more, where the chunk owns it; the chunk is
 * empty from then on. Left to the garbage collector, which counts objects and hardly their bytes,
 * some 64 MiB of a body would gather before it looks.
 *
 * What is transferred is taken from its owner whether or not the port is open, and freed with the
 * message that never was.
 * @see https://html.spec.whatwg.org/multipage/web-messaging.html#message-port-post-message-steps
 */
export function freeSpent(chunk: Buffer): void {
  const { buffer, length } = chunk;
  if (length < worthBytesMin || length !== buffer.byteLength) return;
  if (buffer instanceof ArrayBuffer) nowhere.postMessage(undefined, [buffer]);
}
