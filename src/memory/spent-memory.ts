import { MessageChannel } from 'node:worker_threads';

const worthBytesMin = 4 * 1024;

const { port1: nowhere, port2: closed } = new MessageChannel();
closed.close(); // and `nowhere` with it

/**
 * Frees the memory of a chunk that nobody reads any more, where the chunk owns it; the chunk is
 * empty from then on. Left to the garbage collector, which counts objects and hardly their bytes,
 * some 64 MiB of a body would gather before it looks; and what is read next would go to memory that
 * the system has to map first, which costs more than the reading.
 *
 * What is transferred is taken from its owner whether or not the port is open, and freed with the
 * message that never was.
 * @see https://html.spec.whatwg.org/multipage/web-messaging.html#message-port-post-message-steps
 */
export function freeSpent(chunk: Uint8Array): void {
  if (chunk.length === chunk.buffer.byteLength) freeWithMemory(chunk);
}

/** The same for a chunk whose whole `buffer` is the caller's, also where it is a part of it. */
export function freeWithMemory({ buffer, length }: Uint8Array): void {
  if (length < worthBytesMin || !(buffer instanceof ArrayBuffer)) return;
  nowhere.postMessage(undefined, [buffer]);
}
