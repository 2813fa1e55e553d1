import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { onDisk } from '../../conformance/store-place.js';
import { patterned } from '../../conformance/store-words.js';

const it = suite('streaming');
const mebibyte = 1024 ** 2;
const bodyBytes = 128 * mebibyte;
const memoryBytesMax = 64 * mebibyte; // half of the body: slabs, the log's queue, what GC is late for

/** The most memory outside the heap that was ever held while `work` ran, above its beginning. */
async function peakBytes(work: (sample: () => void) => Promise<void>): Promise<number> {
  const heldBytes = (): number => process.memoryUsage().external;
  const before = heldBytes();
  let peak = before;
  await work(() => {
    peak = Math.max(peak, heldBytes());
  });
  return peak - before;
}

it('a body larger than all memory set aside for bodies streams in and out', async () => {
  await onDisk(async ({ open }) => {
    await using store = await open();
    await store.createBucket('bucket');
    const chunk = patterned(mebibyte);
    const putBytes = await peakBytes(async (sample) => {
      async function* body(): AsyncGenerator<Uint8Array> {
        for (let sentBytes = 0; sentBytes < bodyBytes; sentBytes += chunk.length) {
          sample();
          yield chunk;
        }
      }
      await store.put('bucket', 'k', body());
    });
    assert.ok(putBytes < memoryBytesMax, `${putBytes} bytes while writing`);
    let readBytes = 0;
    const getBytes = await peakBytes(async (sample) => {
      const reader = await store.get('bucket', 'k');
      for await (const piece of reader.body()) {
        sample();
        const at = readBytes % chunk.length;
        assert.is(Buffer.compare(piece, chunk.subarray(at, at + piece.length)), 0);
        readBytes += piece.length;
      }
    });
    assert.is(readBytes, bodyBytes);
    assert.ok(getBytes < memoryBytesMax, `${getBytes} bytes while reading`);
  });
});

it('senders that stall hold their slabs and no others', async () => {
  await onDisk(async ({ open }) => {
    await using store = await open();
    await store.createBucket('bucket');
    const goOn: (() => void)[] = [];
    const chunk = patterned(100_000);
    async function* stalled(): AsyncGenerator<Uint8Array> {
      yield chunk;
      await new Promise<void>((resolve) => goOn.push(resolve));
      yield chunk;
    }
    const uploads = Array.from({ length: 200 }, (_, index) =>
      store.put('bucket', `stalled-${index}`, stalled()),
    );
    while (goOn.length < uploads.length) await new Promise((resolve) => setImmediate(resolve));
    const large = patterned(2 * mebibyte);
    await store.put('bucket', 'large', large);
    assert.is(Buffer.compare(await store.getBytes('bucket', 'large'), large), 0);
    for (const each of goOn) each();
    for (const { sizeBytes } of await Promise.all(uploads)) assert.is(sizeBytes, 200_000);
  });
});

it.run();
