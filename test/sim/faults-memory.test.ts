import { createHash } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type BodyDigester, DigestPool } from '../../src/digest/digest-pool.js';
import { openFrame } from '../../src/encryption/frame.js';
import { openLog } from '../../src/log/open-log.js';
import { BodyWriter } from '../../src/store/body-writer.js';
import { openStoreOn } from '../../src/store/store.js';
import { failsWith } from '../conformance/store-words.js';
import { SeededRandom } from './seeded-random.js';
import { SimulatedWorld } from './simulated-host.js';

const it = suite('faults of memory');
const plan = { md5: false, sha256: true } as const;

function sha256(body: Uint8Array): Buffer {
  return createHash('sha256').update(body).digest();
}

function flip(bytes: Uint8Array, at: number): void {
  bytes[at] = (bytes[at] ?? 0) ^ 1;
}

it('faults 56: a small body that changes behind its hash is refused, with all in its batch', async () => {
  for (const sizeBytes of [1, 300, 20_000, 64 * 1024]) {
    const world = new SimulatedWorld(sizeBytes);
    const store = await world.run(openStoreOn(world, { hashThreadsMax: 0 }));
    await world.run(store.createBucket('bucket'));
    await world.run(store.put('bucket', 'k', Buffer.from('before')));
    const body = new SeededRandom(1).bytes(sizeBytes);
    const sent = Buffer.from(body);
    const expected = { sha256: sha256(sent) };
    const puts = [
      store.put('bucket', 'k', sent, { expected }),
      store.put('bucket', 'beside', Buffer.from('beside')),
    ];
    flip(sent, sizeBytes - 1);
    await world.run(Promise.all(puts.map((put) => failsWith('BUSY', put))));
    assert.is(Buffer.from(await world.run(store.getBytes('bucket', 'k'))).toString(), 'before');
    await world.run(store.put('bucket', 'k', body, { expected }));
    await world.run(store.close());
    const after = world.crash(1, 'kill');
    const again = await after.run(openStoreOn(after, { hashThreadsMax: 0 }));
    assert.is(again.stats().writer, 'ok');
    assert.equal(await after.run(again.getBytes('bucket', 'k')), body);
    await failsWith('NO_SUCH_KEY', after.run(again.getBytes('bucket', 'beside')));
    await after.run(again.close());
  }
});

/** What it hashes is another byte from then on. */
class SpoilingPool extends DigestPool {
  override start(...given: Parameters<DigestPool['start']>): BodyDigester {
    const digester = super.start(...given);
    const update = digester.update.bind(digester);
    digester.update = (slab, lengthBytes, isRecord) => {
      const crc = update(slab, lengthBytes, isRecord);
      flip(slab.bytes, 0);
      return crc;
    };
    return digester;
  }
}

it('faults 56: a large body that changes behind its hash is read back as it was, or not at all', async () => {
  const body = new SeededRandom(2).bytes(200_000);
  for (const key of [undefined, new Uint8Array(32).fill(5)]) {
    const world = new SimulatedWorld(3);
    const follower = { commit: () => undefined, lost: () => undefined };
    const log = await world.run(openLog(world, { mode: 'write' }, follower));
    const pool = new SpoilingPool({ workersMax: 0, slabBytes: 256 * 1024, slabCountMax: 4 });
    const writer = new BodyWriter(log, pool, world.random);
    const written = await world.run(writer.write(body, plan, { inlineBytesMax: 0, key }));
    assert.equal(written.digests.sha256 && Buffer.from(written.digests.sha256), sha256(body));
    await world.run(log.settled());
    const [sequence = 0] = written.runs;
    if (key === undefined) await failsWith('RECORD_CORRUPT', world.run(log.read(sequence)));
    else {
      const { payload } = await world.run(log.read(sequence));
      assert.equal(sha256(openFrame(key, 0, payload)), sha256(body));
    }
    written.release();
    await world.run(log.close());
    await pool[Symbol.asyncDispose]();
  }
});

/** All memory that files of the world are read into from here on. */
function memoryOfReads({ disk }: SimulatedWorld): Buffer[] {
  const memory: Buffer[] = [];
  const open = disk.open.bind(disk);
  disk.open = async (path, mode) => {
    const file = await open(path, mode);
    const read = file.read.bind(file);
    file.read = (into, offset) => {
      memory.push(Buffer.from(into.buffer, into.byteOffset, into.length));
      return read(into, offset);
    };
    return file;
  };
  return memory;
}

it('faults 56: a small object that changed in memory is not copied', async () => {
  const world = new SimulatedWorld(4);
  const memory = memoryOfReads(world);
  const store = await world.run(openStoreOn(world, { hashThreadsMax: 0 }));
  await world.run(store.createBucket('bucket'));
  const body = Buffer.from(new SeededRandom(3).bytes(5_000));
  await world.run(store.put('bucket', 'k', body));
  await world.run(store.getBytes('bucket', 'k')); // it lies in the cache from here on
  await world.run(store.copy({ bucket: 'bucket', key: 'k' }, 'bucket', 'copy'));
  assert.ok(body.equals(await world.run(store.getBytes('bucket', 'copy'))));
  const cached = memory.find((bytes) => bytes.includes(body));
  assert.ok(cached !== undefined);
  flip(cached, cached.indexOf(body));
  const copying = store.copy({ bucket: 'bucket', key: 'k' }, 'bucket', 'copy');
  await world.run(failsWith('RECORD_CORRUPT', copying));
  assert.ok(body.equals(await world.run(store.getBytes('bucket', 'copy'))));
  await world.run(store.close());
});

it.run();
