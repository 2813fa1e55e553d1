import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../src/base/errors.js';
import { limits } from '../../src/base/limits.js';
import { footerPath, manifestFiles, segmentPath } from '../../src/format/file-names.js';
import { openStoreOn } from '../../src/store/store.js';
import { WriterWatch, writerHealth } from '../../src/writer-health.js';
import { failureOf } from '../failure-of.js';
import { chosen } from './chosen-tests.js';
import type { Operation } from './fault-plan.js';
import { LogJournal } from './log-journal.js';
import { idle, smallSegments, withLog } from './log-script.js';
import { aLogOf, bodiesOf, firstSegment, listenTo, openNoting } from './log-world.js';
import { forEachSeed, seeds } from './seeded-random.js';
import { SimulatedWorld } from './simulated-host.js';

const it = chosen(suite('faults: syncs, names and their order'));

const ofSegment = (operation: Operation) => operation.path.endsWith('.seg');

it('faults 23, 26: a failed sync fails all its members and ends the writer; nothing is synced again', async () => {
  for (const cause of ['kill', 'power'] as const) {
    const { world, log, journal } = await aLogOf(bodiesOf(40, 50));
    let failed = false;
    world.faults.faultWhen((operation) => {
      if (failed || operation.kind !== 'sync' || !ofSegment(operation)) return undefined;
      failed = true;
      return { is: 'refused', errno: 'EIO' };
    });
    const members = bodiesOf(700, 701, 702).map((body) => failureOf(journal.commit(log, body)));
    const failures = await world.run(Promise.all(members));
    assert.ok(failures.every((failure) => isLogStoreError(failure, 'WRITER_FAILED')));
    assert.is(log.state.is, 'failed');
    assert.match(String(log.state.reason), 'EIO');

    const calls = listenTo(world);
    assert.throws(
      () => log.append(aRecord()),
      (error: unknown) => isLogStoreError(error, 'WRITER_FAILED'),
    );
    await failureOf(world.run(log.settled()));
    assert.is((await world.run(log.read(2))).sequence, 2);
    await world.run(idle(world, 500));
    await world.run(log.close());
    assert.equal(
      calls.filter(({ kind }) => kind === 'sync' || kind === 'write'),
      [],
    );
    const after = world.crash(5, cause);
    await after.run(
      withLog(after, journal, async (reopened) => {
        await journal.commit(reopened);
      }),
    );
  }
});

function aRecord() {
  const [subject, payload] = [new Uint8Array(8), [new Uint8Array(8)]];
  return { kind: 'data', flags: 0, subject, payload } as const;
}

it('faults 23: what a failed sync left in the page cache is not believed at the next start', async () => {
  // Whatever file a sync fails for, the process ends and another starts; then the power goes.
  const probe = new SimulatedWorld(1);
  const syncs = listenTo(probe);
  await probe.run(lifeOf(probe, new LogJournal()));
  const numbers = syncs
    .filter(({ kind }) => kind === 'sync' || kind === 'syncDirectory')
    .map(({ number }) => number);
  assert.ok(numbers.length > 30);
  for (const number of numbers) {
    const world = new SimulatedWorld(1);
    const journal = new LogJournal();
    world.faults.failAt(number, 'EIO');
    await failureOf(world.run(lifeOf(world, journal)));
    let after = world.crash(number, 'kill');
    for (const cause of ['power', 'kill', 'power'] as const) {
      await after.run(
        withLog(after, journal, async (log) => {
          await journal.commit(log);
          for (const body of bodiesOf(400_000, 400_000, 400_000)) await journal.data(log, body);
        }),
      );
      after = after.crash(number, cause);
    }
    await after.run(withLog(after, journal, async () => undefined));
  }
});

async function lifeOf(world: SimulatedWorld, journal: LogJournal): Promise<void> {
  for (let opening = 0; opening < 2; opening++) {
    await withLog(world, journal, async (log) => {
      for (const body of bodiesOf(400_000, 400_000, 400_000)) await journal.data(log, body);
      await journal.commit(log);
    });
  }
}

it('faults 24: syncs that fail for ever refuse to open, and cut nothing, however often', async () => {
  const { world, journal } = await aLogOf(bodiesOf(40, 50, 60));
  let after = world.crash(1, 'kill');
  for (let round = 0; round < 5; round++) {
    after.faults.faultWhen(({ kind }) =>
      kind === 'sync' ? { is: 'refused', errno: 'EIO' } : undefined,
    );
    const failure = await failureOf(openNoting(after));
    assert.ok(isLogStoreError(failure, 'IO', 'WRITER_FAILED'), String(failure));
    after = after.crash(round, round % 2 === 0 ? 'power' : 'kill');
  }
  await after.run(withLog(after, journal, async () => undefined));
});

it('faults 25: a sync that lied is found out at the next start, by what is missing', async () => {
  const { world, log, journal } = await aLogOf(bodiesOf(40));
  let lied = false;
  world.faults.faultWhen((operation) => {
    if (lied || operation.kind !== 'sync' || !ofSegment(operation)) return undefined;
    lied = true;
    return { is: 'lost' };
  });
  await world.run(journal.commit(log));
  await world.run(journal.commit(log));
  await world.run(idle(world, 80));
  const after = world.crash(1, 'power');
  const { log: opened, notes } = await openNoting(after);
  assert.is(opened.state.is, 'read-only');
  assert.equal(notes.lostSequences, [2]);
});

it('faults 28: nothing is acknowledged in a new segment before its name is durable', async () => {
  const { calls, journal } = await aRollOver();
  const firstWrite = calls.findIndex(
    ({ kind, path, offset }) => kind === 'write' && path === segmentPath(2) && offset === 8192,
  );
  const before = calls.slice(0, firstWrite);
  const order = before
    .filter(
      ({ path, kind }) => path === segmentPath(2) || kind === 'syncDirectory' || isManifest(path),
    )
    .filter(({ kind }) => kind !== 'sizeBytes')
    .map(({ kind, path }) => `${kind} ${path}`);
  assert.equal(
    order.slice(-8),
    [
      `create ${segmentPath(2)}`,
      `write ${segmentPath(2)}`,
      `sync ${segmentPath(2)}`,
      'syncDirectory log',
      ...['write manifest.a', 'write manifest.b', 'sync manifest.a', 'sync manifest.b'],
    ].map((call) => call.replace('.a', '.a.tmp').replace('.b', '.b.tmp')),
  );
  assert.ok(journal.acknowledged.length > 4);
});

function isManifest(path: string): boolean {
  return path.startsWith('manifest');
}

/** Every call of a log that rolls over once, from its opening to its end. */
async function aRollOver() {
  const world = new SimulatedWorld(1);
  const calls = listenTo(world);
  const journal = new LogJournal();
  await world.run(
    withLog(world, journal, async (log) => {
      for (const body of bodiesOf(...Array<number>(6).fill(250_000))) await journal.data(log, body);
    }),
  );
  return { world, calls, journal };
}

it('after a power cut either copy of the manifest is enough', async () => {
  await forEachSeed(seeds(20), async (seed) => {
    const world = new SimulatedWorld(seed);
    const journal = new LogJournal();
    const { log } = await openNoting(world, smallSegments);
    for (const body of bodiesOf(...Array<number>(6).fill(250_000)))
      await world.run(journal.data(log, body));
    assert.ok(log.segmentCount() > 1);
    const after = world.crash(seed, 'power');
    after.disk.testRemove(manifestFiles[seed % 2] ?? '');
    await after.run(withLog(after, journal, async () => undefined));
  });
});

it('faults 29: manifest and footers come under a temporary name, synced, renamed, and the directory synced', async () => {
  const { calls } = await aRollOver();
  for (const path of [...manifestFiles, footerPath(1)]) {
    const temporary = `${path}.tmp`;
    const directory = path.includes('/') ? 'log' : '';
    const rename = calls.findIndex(
      ({ kind, path: from }) => kind === 'rename' && from === temporary,
    );
    assert.is(calls[rename]?.to, path);
    const before = calls.slice(0, rename).filter(({ path: of }) => of === temporary);
    const kinds = before.map(({ kind }) => kind).filter((kind) => kind !== 'close');
    assert.equal(kinds.slice(-3), ['create', 'write', 'sync']);
    const next = calls[rename + 1];
    assert.equal([next?.kind, next?.path], ['syncDirectory', directory]);
    assert.not.ok(calls.some(({ kind, path: of }) => kind === 'create' && of === path));
  }
});

it('faults 30, 33: leftovers under temporary names and files that came back are removed, unread', async () => {
  const { world, journal } = await aLogOf(bodiesOf(40, 50));
  const after = world.crash(1, 'kill');
  const leftovers = ['manifest.a.tmp', 'log/0000000000000001.footer.tmp', 'index.snapshot.tmp'];
  for (const path of leftovers) after.disk.testPlant(path, after.disk.testBytesOf('manifest.a'));
  after.disk.testPlant(segmentPath(2), after.disk.testBytesOf(firstSegment).subarray(0, 8192));
  after.disk.testPlant('log/0000000000000003.footer', new Uint8Array(200));
  await after.run(withLog(after, journal, async () => undefined));
  for (const path of [...leftovers, 'log/0000000000000003.footer'])
    assert.not.ok(after.disk.testPaths().includes(path), path);
});

it('faults 31: a manifest copy or footer of no length is made again from what stands beside it', async () => {
  const { world, journal } = await aRollOver();
  for (const path of [...manifestFiles, footerPath(1)]) {
    const after = world.crash(1, 'kill');
    const before = after.disk.testBytesOf(path);
    after.disk.testPlant(path, new Uint8Array(0));
    await after.run(withLog(after, journal, async () => undefined));
    const made = after.disk.testBytesOf(path);
    assert.equal(Buffer.from(made).subarray(0, before.length), Buffer.from(before));
  }
});

it('faults 35: a segment is written only where it holds zeros, and never again once the next has begun', async () => {
  const world = new SimulatedWorld(1);
  let [last, writeCount] = ['', 0];
  world.faults.faultWhen(({ kind, path, offset = 0 }) => {
    if (kind !== 'write' || !path.endsWith('.seg')) return undefined;
    assert.ok(path >= last, `${path} is written after ${last}`);
    last = path;
    writeCount++;
    const there = world.disk.testBytesOf(path).subarray(offset);
    assert.ok(
      there.every((byte) => byte === 0),
      `${path} @${offset}`,
    );
    return undefined;
  });
  await world.run(lifeOf(world, new LogJournal()));
  assert.ok(last >= segmentPath(3), 'segments were ended');
  assert.ok(writeCount > 8);
});

it('faults 36: no acknowledgement comes before the sync that covers it', async () => {
  await forEachSeed(seeds(20), async (seed) => {
    const { world, log, journal } = await aLogOf(bodiesOf(40), new SimulatedWorld(seed));
    let syncNumber = 0;
    world.faults.faultWhen((operation) => {
      if (operation.kind !== 'sync' || syncNumber > 0) return undefined;
      syncNumber = operation.number;
      return { is: 'stalled', delayMs: 5_000 };
    });
    const acknowledged = journal.acknowledged.length;
    const work = Promise.all(bodiesOf(5, 6, 7).map((body) => journal.commit(log, body)));
    await world.advance(4_000);
    assert.ok(syncNumber > 0);
    assert.is(journal.acknowledged.length, acknowledged);
    await world.run(work);
    assert.is(journal.acknowledged.length, acknowledged + 3);
  });
});

it('faults 37: behind a sync that hangs the queue fills to its bound, then says BUSY', async () => {
  const { world, log, journal } = await aLogOf(bodiesOf(40));
  world.faults.faultWhen(({ kind }) =>
    kind === 'sync' ? { is: 'stalled', delayMs: 60_000 } : undefined,
  );
  const record = { ...aRecord(), payload: [new Uint8Array(1024 ** 2)] };
  let durableCount = 0;
  let admittedCount = 0;
  const fill = () => {
    for (;;) {
      log.append({ ...record, onDurable: () => durableCount++ });
      admittedCount++;
    }
  };
  assert.throws(fill, (error: unknown) => isLogStoreError(error, 'BUSY'));
  const fullCount = admittedCount;
  assert.ok(fullCount * 1024 ** 2 <= limits.commitQueueBytesMax);
  await world.advance(30_000);
  assert.throws(fill, (error: unknown) => isLogStoreError(error, 'BUSY'));
  assert.is(durableCount, 0);
  await world.run(Promise.all([log.room(), log.settled()]));
  assert.is(durableCount, admittedCount);
  assert.ok(journal.acknowledged.length === 1);
});

it('faults 37: while a write hangs health says so, and the log once; when it comes back both do', async () => {
  const world = new SimulatedWorld(37);
  const store = await world.run(openStoreOn(world, { hashThreadsMax: 0 }));
  await world.run(store.createBucket('bucket'));
  const lines: string[] = [];
  const say = (_fields: object, message: string) => lines.push(message);
  const logger = { info: say, warn: say, error: say };
  const watch = new WriterWatch(() => store.stats(), world.clock, logger);
  const isReady = () => writerHealth(store.stats()).ready;
  world.faults.faultWhen(({ kind, path }) =>
    kind === 'sync' && path.endsWith('.seg') ? { is: 'stalled', delayMs: 60_000 } : undefined,
  );
  let acknowledged = false;
  const put = store.put('bucket', 'k', Buffer.from('x')).then(() => {
    acknowledged = true;
  });
  await world.advance(9_000);
  assert.equal([isReady(), lines], [true, []]);
  await world.advance(30_000);
  assert.equal([isReady(), acknowledged], [false, false]);
  assert.match(writerHealth(store.stats()).reason ?? '', 'has not come back');
  assert.is(lines.length, 1);
  world.faults.clear();
  await world.run(put);
  await world.advance(2_000);
  assert.is(isReady(), true);
  assert.is(lines.length, 2);
  assert.match(lines[1] ?? '', 'came back');
  watch.cancel();
  await world.run(store.close());
});

it('a close while the queue drains leaves no timer behind, and marks the log closed', async () => {
  await forEachSeed(seeds(30), async (seed) => {
    const { world, log, journal } = await aLogOf(bodiesOf(40), new SimulatedWorld(seed));
    world.faults.faultWhen(({ kind }) =>
      kind === 'sync' ? { is: 'stalled', delayMs: 80 } : undefined,
    );
    const work = journal.commit(log);
    await world.run(Promise.all([work, log.close()]));
    const { length } = world.explain().split('\n');
    const calls = listenTo(world);
    await world.advance(1_000);
    assert.equal(calls, []);
    assert.ok(length > 0);
    world.faults.clear();
    const { log: reopened } = await openNoting(world, smallSegments);
    assert.is(reopened.segmentCount(), 1, 'nothing was recovered');
  });
});

it.run();
