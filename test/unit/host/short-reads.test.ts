import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { snapshotFile } from '../../../src/format/file-names.js';
import { SystemError } from '../../../src/host/system-error.js';
import { verifyStore } from '../../../src/store/verify.js';
import { onDisk } from '../../conformance/store-place.js';
import { patterned } from '../../conformance/store-words.js';

const it = suite('short reads');
const systemRead = fs.read;

interface Whim {
  readonly read: typeof fs.read;
  cutCount: number;
  interruptedCount: number;
}

/** A system that reads as many bytes as it likes, one at least, and is interrupted now and then. */
function aWhimsicalSystem(): Whim {
  let calls = 0;
  const read = (
    descriptor: number,
    into: Uint8Array,
    start: number,
    lengthBytes: number,
    offset: number,
    done: (error: Error | null, count: number) => void,
  ): void => {
    calls++;
    if (calls % 7 === 0) {
      whim.interruptedCount++;
      done(new SystemError(calls % 2 === 0 ? 'EINTR' : 'EAGAIN', 'read'), 0);
      return;
    }
    const some = Math.max(1, Math.min(lengthBytes, 1 + ((calls * 7_919) % 60_000)));
    if (some < lengthBytes) whim.cutCount++;
    systemRead(descriptor, into, start, some, offset, done);
  };
  const whim = { read: Object.assign(read, systemRead), cutCount: 0, interruptedCount: 0 };
  return whim;
}

/** The same as if every read were answered by the system in pieces. */
async function withShortReads(work: () => Promise<void>): Promise<Whim> {
  const whim = aWhimsicalSystem();
  fs.read = whim.read;
  syncBuiltinESMExports();
  try {
    await work();
  } finally {
    fs.read = systemRead;
    syncBuiltinESMExports();
  }
  return whim;
}

it('faults 21, 45: reads that come short or are interrupted are finished, never taken for the end', async () => {
  await onDisk(async ({ host, open }) => {
    const options = { segmentBytes: 1024 ** 2, parity: 'inline', hashThreadsMax: 0 } as const;
    const bodies = Array.from({ length: 30 }, (_, index) => patterned(index * 6_000, index));
    const store = await open(options);
    await store.createBucket('bucket');
    for (const [index, body] of bodies.entries()) await store.put('bucket', `${index}`, body);
    await store.scrub();
    const digest = await store.indexDigest();
    await store.close();
    // From the snapshot, from footers, and from the records themselves.
    const footers = (await host.disk.list('log')).filter((name) => name.endsWith('.footer'));
    assert.ok(footers.length > 1);
    for (const gone of [
      [],
      [snapshotFile],
      [snapshotFile, ...footers.map((name) => `log/${name}`)],
    ]) {
      for (const path of gone) await host.disk.unlink(path);
      const whim = await withShortReads(async () => {
        const again = await open({ ...options, cacheBytes: 0 });
        assert.is(again.stats().writer, 'ok');
        assert.equal(await again.indexDigest(), digest);
        for (const [index, body] of bodies.entries())
          assert.is(Buffer.compare(await again.getBytes('bucket', `${index}`), body), 0);
        await again.close();
        assert.ok((await verifyStore(host)).sound);
      });
      assert.ok(whim.cutCount > 20 && whim.interruptedCount > 20, JSON.stringify(whim));
    }
  });
});

it.run();
