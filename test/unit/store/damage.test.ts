import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Disk } from '../../../src/base/host.js';
import { segmentPath, snapshotFile } from '../../../src/format/file-names.js';
import { openStoreOn } from '../../../src/store/store.js';
import type { Store } from '../../../src/store/types.js';
import { inSimulation } from '../../conformance/store-place.js';
import { failsWith, patterned, readAll } from '../../conformance/store-words.js';
import { failureOf } from '../../failure-of.js';
import { SimulatedWorld } from '../../sim/simulated-host.js';

const it = suite('damage');

/** Flips bits `shifts` bytes after the last place where the first segment holds `text`. */
async function flipBehind(disk: Disk, text: Uint8Array, ...shifts: number[]): Promise<void> {
  const file = await disk.open(segmentPath(1), 'write');
  const bytes = new Uint8Array(await file.sizeBytes());
  await file.read(bytes, 0);
  const at = Buffer.from(bytes.buffer).lastIndexOf(text);
  assert.ok(at > 0, 'the text is in the segment');
  for (const place of shifts.map((shift) => at + shift)) {
    await file.write(place, [Uint8Array.of((bytes[place] ?? 0) ^ 1)]);
  }
  await file.sync();
  await file.close();
}

/** A closed store whose last write of `victim` is damaged, `shifts` bytes from its name. */
async function withLostCommit(
  shifts: readonly number[],
  check: (store: Store) => Promise<void>,
): Promise<void> {
  await inSimulation(async ({ host, open }) => {
    const before = await open();
    await before.createBucket('bucket');
    await before.put('bucket', 'older', Buffer.from('1'));
    await before.put('bucket', 'victim', Buffer.from('2'));
    await before.put('bucket', 'victim', Buffer.from('3'));
    await before.put('bucket', 'newer', Buffer.from('4'));
    await before.close();
    await flipBehind(host.disk, Buffer.from('victim'), ...shifts);
    await host.disk.unlink(snapshotFile);
    await using store = await open();
    await check(store);
  });
}

it('what a lost commit touched is uncertain, all else is served', async () => {
  await withLostCommit([0], async (store) => {
    assert.is(store.stats().writer, 'read-only');
    await failsWith('UNCERTAIN', store.getBytes('bucket', 'victim'));
    await failsWith('UNCERTAIN', store.head('bucket', 'victim'));
    await failsWith('UNCERTAIN', store.list('bucket'));
    await failsWith('UNCERTAIN', store.listUploads('bucket'));
    await failsWith('UNCERTAIN', store.getBySha256(Buffer.alloc(32)));
    assert.is(Buffer.from(await store.getBytes('bucket', 'older')).toString(), '1');
    assert.is(Buffer.from(await store.getBytes('bucket', 'newer')).toString(), '4');
    await failsWith('NO_SUCH_KEY', store.getBytes('bucket', 'never'));
    await failsWith('READ_ONLY', store.put('bucket', 'k', Buffer.from('5')));
    await failsWith('READ_ONLY', store.delete('bucket', 'older'));
  });
});

it('if not even its header is left, all that it may have touched is uncertain', async () => {
  // Before the key stand 32 bytes of header, 4 of the meta's length and 22 of the meta.
  await withLostCommit([-58 + 16, -58 + 26, 0], async (store) => {
    assert.is(store.stats().writer, 'read-only');
    await failsWith('UNCERTAIN', store.getBytes('bucket', 'victim'));
    await failsWith('UNCERTAIN', store.getBytes('bucket', 'older'));
    await failsWith('UNCERTAIN', store.getBytes('bucket', 'never'));
    assert.is(Buffer.from(await store.getBytes('bucket', 'newer')).toString(), '4');
  });
});

it('a damaged data record fails every range that needs it, before a byte of it is given', async () => {
  await inSimulation(async ({ host, open }) => {
    const body = patterned(900_000);
    const before = await open();
    await before.createBucket('bucket');
    await before.put('bucket', 'k', body);
    await before.put('bucket', 'other', patterned(500_000, 2));
    await before.close();
    await flipBehind(host.disk, body.subarray(600_000, 600_032), 0);
    await using store = await open();
    const reader = await store.get('bucket', 'k');
    let givenBytes = 0;
    const failure = await failureOf(
      (async () => {
        for await (const chunk of reader.body()) {
          assert.is(Buffer.compare(chunk, body.subarray(givenBytes, givenBytes + chunk.length)), 0);
          givenBytes += chunk.length;
        }
      })(),
    );
    assert.match(String(failure), 'record');
    assert.is(givenBytes, 524_288);
    const range = { startBytes: 524_288, endBytes: 524_289 };
    const part = await store.get('bucket', 'k', { range });
    await failsWith('RECORD_CORRUPT', part.bytes());
    const whole = await store.get('bucket', 'k', { range: { startBytes: 0, endBytes: 524_288 } });
    assert.is(Buffer.compare(await whole.bytes(), body.subarray(0, 524_288)), 0);
    assert.is(Buffer.compare(await readAll(store, 'bucket', 'other'), patterned(500_000, 2)), 0);
  });
});

it('faults 38: a body of which a record was refused never becomes an object', async () => {
  const world = new SimulatedWorld(3);
  await world.run(
    (async () => {
      await using store = await openStoreOn(world, { hashThreadsMax: 0 });
      await store.createBucket('bucket');
      const chunk = patterned(262_144);
      let isFull = false;
      world.faults.faultWhen(({ kind, path }) =>
        isFull && kind === 'write' && path.startsWith('log/')
          ? { is: 'torn', errno: 'ENOSPC' }
          : undefined,
      );
      async function* body(): AsyncGenerator<Uint8Array> {
        yield chunk;
        isFull = true;
        yield chunk;
        await failsWith('NO_SPACE', store.put('bucket', 'small', Buffer.from('v')));
        isFull = false;
        // What follows has the numbers that the refused records had.
        await store.put('bucket', 'other', patterned(600_000, 9));
      }
      await failsWith('NO_SPACE', store.put('bucket', 'large', body()));
      await failsWith('NO_SUCH_KEY', store.head('bucket', 'large'));
      const other = await readAll(store, 'bucket', 'other');
      assert.is(Buffer.compare(other, patterned(600_000, 9)), 0);
      await failsWith(
        'NO_SPACE',
        store.transaction(async (t) => {
          isFull = true;
          await t.put('bucket', 'in transaction', chunk);
          await failsWith('NO_SPACE', store.put('bucket', 'small', Buffer.from('v')));
          isFull = false;
        }),
      );
      await failsWith('NO_SUCH_KEY', store.head('bucket', 'in transaction'));
    })(),
  );
});

it.run();
