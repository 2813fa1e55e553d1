import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../../src/base/errors.js';
import { fillSlabs } from '../../../src/digest/slab-filler.js';
import { SlabPool } from '../../../src/digest/slab-pool.js';

const slabs = suite('slabs');

/** A sender that gives `chunks` and then stalls until `end`. */
function stallingSender(...chunks: Uint8Array[]) {
  const { promise: stalled, resolve: end } = deferred();
  async function* source(): AsyncGenerator<Uint8Array> {
    yield* chunks;
    await stalled;
  }
  return { source: source(), end };
}

function deferred() {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

async function collect(pool: SlabPool, source: AsyncIterable<Uint8Array> | Uint8Array[]) {
  const pieces: Buffer[] = [];
  for await (const { slab, lengthBytes } of fillSlabs(pool, source)) {
    pieces.push(Buffer.from(slab.bytes.subarray(0, lengthBytes)));
    slab.release();
  }
  return pieces;
}

slabs('a slab comes back when its last holder lets go, and not before', async () => {
  const pool = new SlabPool(16, 4);
  const slab = await pool.take();
  slab.retain();
  slab.release();
  assert.is(pool.freeCount, 3);
  slab.release();
  assert.is(pool.freeCount, 4);
  assert.throws(() => slab.release(), /released once/);
});

slabs('who waits for a slab is served in order', async () => {
  const pool = new SlabPool(16, 4);
  const taken = await Promise.all([pool.take(), pool.take(), pool.take(), pool.take()]);
  const served: string[] = [];
  const first = Promise.resolve(pool.take()).then(() => served.push('first'));
  const second = Promise.resolve(pool.take()).then(() => served.push('second'));
  assert.is(pool.takeToFill(), undefined);
  for (const slab of taken.slice(0, 2)) slab.release();
  await Promise.all([first, second]);
  assert.equal(served, ['first', 'second']);
});

slabs('closing fails everybody who waits, and everybody after', async () => {
  const pool = new SlabPool(16, 4);
  for (let count = 0; count < 4; count++) await pool.take();
  const waiting = Promise.resolve(pool.take()).catch((error: unknown) => error);
  pool.close();
  assert.ok(isLogStoreError(await waiting, 'CLOSED'));
  assert.throws(
    () => pool.take(),
    (error: unknown) => isLogStoreError(error, 'CLOSED'),
  );
});

slabs('cuts a body into full slabs, whatever its chunks', async () => {
  const body = Buffer.from(Array.from({ length: 100 }, (_, at) => at));
  for (const chunkBytes of [1, 7, 16, 33, 100]) {
    const pool = new SlabPool(16, 4);
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < body.length; at += chunkBytes)
      chunks.push(body.subarray(at, at + chunkBytes));
    const pieces = await collect(pool, chunks);
    assert.equal(
      pieces.map((piece) => piece.length),
      [16, 16, 16, 16, 16, 16, 4],
    );
    assert.equal(Buffer.concat(pieces), body);
    assert.is(pool.freeCount, 4);
  }
  assert.equal(await collect(new SlabPool(16, 4), []), []);
});

slabs('sixty-five stalled senders do not block another one', async () => {
  const pool = new SlabPool(64 * 1024, 4);
  const senders = Array.from({ length: 65 }, (_, at) => stallingSender(Buffer.from([at, at])));
  const stalled = senders.map((sender) => collect(pool, sender.source));
  const body = Buffer.alloc(300 * 1024, 'x');
  const pieces = await collect(pool, [body.subarray(0, 1000), body.subarray(1000)]);
  assert.ok(Buffer.concat(pieces).equals(body));
  for (const sender of senders) sender.end();
  const bodies = await Promise.all(stalled);
  assert.equal(
    bodies.map((all) => [...Buffer.concat(all)]),
    senders.map((_, at) => [at, at]),
  );
  assert.is(pool.freeCount, 4);
});

slabs('an abandoned body gives its partly filled slab back, and its right to fill', async () => {
  const pool = new SlabPool(16, 4);
  for (let round = 0; round < 10; round++) {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(5);
      assert.is(pool.freeCount, 3); // it was filling a slab of the pool, each time
      throw new Error('gone');
    }
    const error = await collect(pool, failing()).catch((thrown: unknown) => thrown);
    assert.is((error as Error).message, 'gone');
    assert.is(pool.freeCount, 4);
  }
});

slabs.run();
