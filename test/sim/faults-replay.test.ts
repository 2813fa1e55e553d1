import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Disk, DiskFile, Host } from '../../src/base/host.js';
import { invariant } from '../../src/base/invariant.js';
import { replayProgress } from '../../src/replay-progress.js';
import { openStoreOn } from '../../src/store/store.js';
import { onDisk } from '../conformance/store-place.js';
import { patterned } from '../conformance/store-words.js';
import { chosen } from './chosen-tests.js';
import { LogJournal } from './log-journal.js';
import { openNoted } from './log-script.js';
import { bodiesOf, listenTo } from './log-world.js';
import { SimulatedWorld } from './simulated-host.js';

const it = chosen(suite('faults: the bounds of replay'));
const mebibyte = 1024 ** 2;
/** The largest record, and what stands around it. */
const readBytesMax = 4 * mebibyte + 64 * 1024;

/** A killed log of so many segments, none of which has its footer. */
async function aLogWithoutFooters(rounds: number) {
  const world = new SimulatedWorld(22);
  const journal = new LogJournal();
  const { log } = await world.run(openNoted(world));
  for (let round = 0; round < rounds; round++) {
    const bodies = bodiesOf(...Array<number>(4).fill(200_000));
    await world.run(Promise.all(bodies.map((body) => journal.data(log, body))));
    const commits = Array.from({ length: 300 }, () => journal.commit(log, new Uint8Array(50)));
    await world.run(Promise.all(commits));
  }
  const killed = world.crash(1, 'kill');
  for (const path of killed.disk.testPaths())
    if (path.endsWith('.footer')) killed.disk.testRemove(path);
  return { world: killed, journal };
}

it('faults 22: replay reads each byte a few times, a piece at a time, one segment behind another', async () => {
  for (const rounds of [4, 8]) {
    const { world, journal } = await aLogWithoutFooters(rounds);
    const segments = world.disk.testPaths().filter((path) => path.endsWith('.seg'));
    const sizes = segments.map((path) => world.disk.testBytesOf(path).length);
    const calls = listenTo(world);
    const told: [number, number][] = [];
    const progress = (doneBytes: number, totalBytes: number) => told.push([doneBytes, totalBytes]);
    const { log, notes } = await world.run(openNoted(world, { progress }));
    const reads = calls.filter(({ kind, path }) => kind === 'read' && segments.includes(path));
    assert.is(notes.commits.length, rounds * 300);
    for (const { path, lengthBytes = 0 } of reads)
      assert.ok(lengthBytes <= readBytesMax, `${lengthBytes} bytes of ${path} at once`);
    // Looking for the end of the open segment takes one more pass, and windows overlap.
    for (const [index, path] of segments.entries()) {
      const own = reads.filter((read) => read.path === path);
      const most = (index + 1 < segments.length ? 2 : 4) * (sizes[index] ?? 0) + mebibyte;
      const sum = own.reduce((bytes, { lengthBytes = 0 }) => bytes + lengthBytes, 0);
      assert.ok(sum <= most, `${sum} bytes are read of ${path}, ${sizes[index]} in size`);
    }
    const order = reads.map(({ path }) => path);
    assert.equal(order, [...order].sort(), 'one behind another');
    assert.is(told.length, segments.length - 1, 'told of each that had ended');
    const totalBytes = told[0]?.[1];
    assert.equal(told.at(-1), [totalBytes, totalBytes]);
    assert.ok(told.every(([done], index) => done > (told[index - 1]?.[0] ?? 0)));
    await world.run(journal.check(log, notes));
    await world.run(log.close());
  }
});

it('faults 22: a start that takes long says how far it is, now and then', async () => {
  const world = new SimulatedWorld(1);
  const lines: [object, string][] = [];
  const say = (fields: object, message: string) => lines.push([fields, message]);
  const tell = replayProgress(world.clock, { info: say, warn: say, error: say });
  for (let done = 1; done <= 20; done++) {
    await world.advance(1_000);
    tell(done, 20);
  }
  const message = 'replaying the log';
  assert.equal(
    lines,
    [5, 10, 15, 20].map((doneBytes) => [{ doneBytes, totalBytes: 20 }, message]),
  );
});

/** The same host, which tells whenever something was read. */
function watched(host: Host, told: () => void): Host {
  const watchedFile = (file: DiskFile): DiskFile => ({
    read: async (into, offset) => {
      const count = await file.read(into, offset);
      if (into.length > mebibyte) told();
      return count;
    },
    write: (offset, parts) => file.write(offset, parts),
    sync: () => file.sync(),
    sizeBytes: () => file.sizeBytes(),
    truncate: (sizeBytes) => file.truncate(sizeBytes),
    close: () => file.close(),
  });
  const disk: Disk = {
    open: async (path, mode) => watchedFile(await host.disk.open(path, mode)),
    list: (path) => host.disk.list(path),
    sizeBytes: (path) => host.disk.sizeBytes(path),
    makeDirectory: (path) => host.disk.makeDirectory(path),
    rename: (from, to) => host.disk.rename(from, to),
    unlink: (path) => host.disk.unlink(path),
    syncDirectory: (path) => host.disk.syncDirectory(path),
    space: () => host.disk.space(),
    lock: (path, holder) => host.disk.lock(path, holder),
  };
  return { ...host, disk };
}

it('faults 22: the memory of replay is that of a segment, however many there are', async () => {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  invariant(typeof collect === 'function', 'garbage can be collected');
  const heldBytes = (): number => {
    collect();
    return process.memoryUsage().external;
  };
  const options = { segmentBytes: 4 * mebibyte, hashThreadsMax: 0, cacheBytes: 0 } as const;
  await onDisk(async ({ host, open }) => {
    const store = await open(options);
    await store.createBucket('bucket');
    const body = patterned(mebibyte);
    for (let index = 0; index < 48; index++) await store.put('bucket', `${index}`, body);
    await store.close();
    await host.disk.unlink('index.snapshot');
    for (const name of await host.disk.list('log'))
      if (name.endsWith('.footer')) await host.disk.unlink(`log/${name}`);
    const samples: number[] = [];
    const sampled = watched(host, () => samples.push(heldBytes()));
    await using again = await openStoreOn(sampled, options);
    assert.is(again.stats().objects, 48);
    const names = await host.disk.list('log');
    assert.ok(names.filter((name) => name.endsWith('.seg')).length > 8, 'much more than a segment');
    assert.ok(samples.length > 20, `${samples.length} samples`);
    const half = samples.length >> 1;
    const grownBytes = Math.max(...samples.slice(half)) - Math.max(...samples.slice(0, half));
    assert.ok(grownBytes < 2 * options.segmentBytes, `${grownBytes} bytes in the second half`);
  });
});

it.run();
