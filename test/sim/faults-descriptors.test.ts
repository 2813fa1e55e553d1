import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../src/base/errors.js';
import { openStoreOn } from '../../src/store/store.js';
import type { Store } from '../../src/store/types.js';
import { failureOf } from '../failure-of.js';
import { chosen } from './chosen-tests.js';
import { tinySegments } from './compaction-history.js';
import type { Operation } from './fault-plan.js';
import { LogJournal } from './log-journal.js';
import { openNoted, withLog } from './log-script.js';
import { bodiesOf, listenTo } from './log-world.js';
import { SeededRandom } from './seeded-random.js';
import { SimulatedWorld } from './simulated-host.js';

const it = chosen(suite('faults: who holds a file open'));

/** Segments, footers, parity, snapshots, the manifest and a compaction, over two openings. */
async function lifeOfStore(world: SimulatedWorld): Promise<void> {
  const random = new SeededRandom(27);
  for (let opening = 0; opening < 2; opening++) {
    await using store = await openStoreOn(world, { ...tinySegments, parity: 'inline' });
    if (opening === 0) await store.createBucket('bucket');
    await fill(store, random);
    await store.scrub(); // makes parity
    await store.compact({ all: true });
    await fill(store, random);
  }
}

async function fill(store: Store, random: SeededRandom): Promise<void> {
  const keys = Array.from({ length: 24 }, (_, index) => `key-${index % 6}`);
  await Promise.all(keys.map((key) => store.put('bucket', key, random.bytes(3_000))));
  await store.put('bucket', 'large', random.bytes(90_000));
}

/** What one descriptor that writes has done so far. */
interface Writer {
  readonly path: string;
  readonly descriptor: number;
  unsyncedBytes: number;
}

/** Why the calls break the rule, one line each. */
function breaches(calls: readonly Operation[]): string[] {
  const open = new Map<number, Writer>();
  const found: string[] = [];
  for (const { kind, path, descriptor = 0, lengthBytes = 0 } of calls) {
    const writer = open.get(descriptor) ?? { path, descriptor, unsyncedBytes: 0 };
    if (kind === 'write') {
      const other = [...open.values()].find((one) => one.path === path && one !== writer);
      if (other !== undefined) found.push(`two descriptors write ${path}`);
      open.set(descriptor, writer);
      writer.unsyncedBytes += lengthBytes;
    } else if (kind === 'sync') {
      if (!open.has(descriptor)) found.push(`${path} is synced by who did not write it`);
      writer.unsyncedBytes = 0;
    } else if (kind === 'close') {
      if (writer.unsyncedBytes > 0) found.push(`${path} is closed before what it wrote is synced`);
      open.delete(descriptor);
    }
  }
  return found;
}

it('faults 27: each file has one descriptor that writes it, syncs what it wrote, and then closes', async () => {
  const world = new SimulatedWorld(27);
  const calls = listenTo(world);
  await world.run(lifeOfStore(world));
  const written = new Set(calls.filter(({ kind }) => kind === 'write').map(({ path }) => path));
  for (const part of ['.seg', '.footer.tmp', '.parity0.tmp', 'manifest.a.tmp', '.snapshot.tmp'])
    assert.ok(
      [...written].some((path) => path.endsWith(part)),
      `${part} is written: ${[...written].join(' ')}`,
    );
  assert.equal(breaches(calls), []);
});

/** Three openings that write, roll over and close, whatever goes wrong meanwhile. */
async function lifeOfLog(world: SimulatedWorld, journal: LogJournal): Promise<void> {
  for (let opening = 0; opening < 3; opening++) {
    const { log, notes } = await openNoted(world);
    try {
      await journal.check(log, notes);
      for (const body of bodiesOf(250_000, 250_000, 250_000)) await journal.data(log, body);
      await journal.commit(log, new Uint8Array(40_000));
    } finally {
      await log.close();
    }
  }
}

it('faults 27: whatever close fails, nothing acknowledged is lost, and the store opens again', async () => {
  const probe = new SimulatedWorld(1);
  const calls = listenTo(probe);
  await probe.run(lifeOfLog(probe, new LogJournal()));
  const closes = calls.filter(({ kind }) => kind === 'close');
  assert.ok(closes.length > 15, `${closes.length} closes`);
  for (const { number, path } of closes) {
    const world = new SimulatedWorld(1);
    world.faults.failAt(number, 'EIO');
    const journal = new LogJournal();
    const failure = await failureOf(world.run(lifeOfLog(world, journal)));
    const what = `the close of ${path}, call ${number}`;
    assert.ok(failure === undefined || isLogStoreError(failure, 'IO'), `${what}: ${failure}`);
    if (path.startsWith('manifest')) assert.ok(failure !== undefined, `${what} is told`);
    world.faults.clear();
    // The same process opens it again: nobody holds the lock on.
    await world.run(withLog(world, journal, async () => undefined));
    const after = world.crash(number, 'power');
    await after.run(withLog(after, journal, async () => undefined));
  }
});

it.run();
