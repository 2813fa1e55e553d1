import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../src/base/errors.js';
import { segmentPath } from '../../src/format/file-names.js';
import { failureOf } from '../failure-of.js';
import type { OperationKind } from './fault-plan.js';
import { LogJournal } from './log-journal.js';
import { idle, smallSegments, withLog } from './log-script.js';
import { aLogOf, bodiesOf, firstSegment, openNoting } from './log-world.js';
import { SimulatedWorld } from './simulated-host.js';

const it = suite('faults: space and handles');

function isNoSpace(error: unknown): boolean {
  return isLogStoreError(error, 'NO_SPACE');
}

for (const errno of ['ENOSPC', 'EDQUOT', 'EFBIG'])
  it(`faults 38, 42: ${errno} in a batch fails it and all behind it; later ones go to a new segment`, async () => {
    for (const cause of ['kill', 'power', 'close'] as const) {
      const { world, log, journal } = await aLogOf(bodiesOf(40, 50));
      let torn = false;
      world.faults.faultWhen(({ kind, path }) => {
        if (torn || kind !== 'write' || path !== firstSegment) return undefined;
        torn = true;
        return { is: 'torn', errno };
      });
      const first = bodiesOf(700, 701).map((body) => failureOf(journal.commit(log, body)));
      await Promise.resolve();
      const behind: Promise<unknown>[] = [];
      const later = new Promise<void>((resolve) => {
        world.clock.after(0, resolve);
      }).then(() => {
        behind.push(failureOf(journal.commit(log, new Uint8Array(5))));
      });
      const failures = await world.run(Promise.all([...first, later]));
      assert.ok(failures.slice(0, 2).every(isNoSpace), String(failures));
      await world.run(Promise.all(behind));
      assert.is(log.state.is, 'ok');
      assert.is((await world.run(log.read(2))).sequence, 2);
      await world.run(journal.commit(log, new Uint8Array(9)));
      await world.run(journal.commit(log, undefined, true));
      assert.is(log.segmentCount(), 2);
      if (cause === 'close') await world.run(log.close());
      const after = world.crash(1, cause === 'close' ? 'power' : cause);
      await after.run(withLog(after, journal, async () => undefined));
    }
  });

it('faults 38, 41: on a disk that is really full nothing acknowledged is lost, and space helps', async () => {
  const world = new SimulatedWorld(1, { capacityBytes: 3 * 1024 ** 2 });
  const journal = new LogJournal();
  const { log } = await openNoting(world, { ...smallSegments, reserveBytes: 0 });
  let refusedCount = 0;
  for (let count = 0; count < 30; count++) {
    const failure = await failureOf(world.run(journal.data(log, new Uint8Array(200_000).fill(1))));
    if (failure === undefined) continue;
    assert.ok(isNoSpace(failure), String(failure));
    refusedCount++;
  }
  assert.ok(refusedCount > 5);
  assert.is(log.state.is, 'ok');
  for (const sequence of journal.acknowledged)
    assert.is((await world.run(log.read(sequence))).sequence, sequence);
  world.disk.capacityBytes = 12 * 1024 ** 2;
  await world.run(idle(world, 2_000));
  await failureOf(world.run(journal.data(log, new Uint8Array(10)))); // the reading is renewed
  await world.run(journal.commit(log));
  for (const cause of ['power', 'kill'] as const) {
    const after = world.crash(1, cause);
    await after.run(withLog(after, journal, async () => undefined));
  }
});

it('faults 38, 40: where only the reserve is left data is refused and removals are taken', async () => {
  const capacityBytes = 3 * 1024 ** 2;
  const world = new SimulatedWorld(1, { capacityBytes });
  const journal = new LogJournal();
  const { log } = await openNoting(world, { ...smallSegments, reserveBytes: 1024 ** 2 });
  let refusal: unknown;
  for (let count = 0; count < 30 && refusal === undefined; count++)
    refusal = await failureOf(world.run(journal.data(log, new Uint8Array(200_000).fill(1))));
  assert.ok(isNoSpace(refusal));
  for (let count = 0; count < 20; count++) await world.run(journal.commit(log, undefined, true));
  const after = world.crash(1, 'power');
  await after.run(withLog(after, journal, async () => undefined, { reserveBytes: 0 }));
});

it('faults 39: no space for the manifest fails what needed it, and the old one stays whole', async () => {
  for (const cause of ['kill', 'power'] as const) {
    const { world, journal } = await aLogOf([]);
    const first = world.crash(1, 'kill');
    const { log } = await openNoting(first, smallSegments);
    for (const body of bodiesOf(250_000, 250_000, 250_000))
      await first.run(journal.data(log, body));
    first.faults.faultWhen(({ kind, path }) =>
      kind === 'write' && path.startsWith('manifest') ? { is: 'torn', errno: 'ENOSPC' } : undefined,
    );
    const failure = await failureOf(first.run(journal.data(log, new Uint8Array(350_000))));
    assert.ok(isLogStoreError(failure, 'WRITER_FAILED', 'NO_SPACE'), String(failure));
    assert.is((await first.run(log.read(2))).sequence, 2);
    const after = first.crash(2, cause);
    await after.run(
      withLog(after, journal, async (reopened) => {
        await journal.commit(reopened);
      }),
    );
  }
});

for (const errno of ['ENOSPC', 'EDQUOT'])
  it(`faults 42: ${errno} when a segment is made fails the batch, and passes when space is back`, async () => {
    for (const kind of ['create', 'write', 'sync', 'syncDirectory'] as const) {
      const { world, log, journal } = await almostFullSegment();
      let failing = true;
      world.faults.faultWhen((operation) => {
        const concerned = operation.path === segmentPath(2) || operation.path === 'log';
        return failing && operation.kind === kind && concerned ? { is: 'torn', errno } : undefined;
      });
      const last = world.crash.bind(world);
      for (let count = 0; count < 3; count++)
        assert.ok(
          isNoSpace(await failureOf(world.run(journal.data(log, new Uint8Array(350_000))))),
        );
      assert.is(log.state.is, 'ok');
      assert.is((await world.run(log.read(2))).sequence, 2);
      failing = false;
      await world.run(journal.data(log, new Uint8Array(350_000).fill(7)));
      const after = last(1, 'power');
      await after.run(withLog(after, journal, async () => undefined));
    }
  });

async function almostFullSegment() {
  const world = new SimulatedWorld(1);
  const journal = new LogJournal();
  const { log } = await openNoting(world, smallSegments);
  for (const body of bodiesOf(250_000, 250_000, 250_000)) await world.run(journal.data(log, body));
  return { world, log, journal };
}

it('faults 42, 45: any other refusal to make or write a file ends the writer, and loses nothing', async () => {
  for (const errno of ['EROFS', 'EACCES', 'EIO'])
    for (const kind of ['create', 'write'] as const) {
      const { world, log, journal } = await almostFullSegment();
      world.faults.faultWhen((operation) =>
        operation.kind === kind ? { is: 'refused', errno } : undefined,
      );
      const failure = await failureOf(world.run(journal.data(log, new Uint8Array(350_000))));
      assert.ok(isLogStoreError(failure, 'WRITER_FAILED'), String(failure));
      assert.is(log.state.is, 'failed');
      assert.match(String(log.state.reason), errno);
      const after = world.crash(1, 'power');
      await after.run(withLog(after, journal, async () => undefined));
    }
});

it('faults 43, 57: a read that gets no handle or hits a bad sector fails alone, and says IO', async () => {
  for (const [errno, kind] of [
    ['EMFILE', 'open'],
    ['ENFILE', 'open'],
    ['EIO', 'read'],
  ] as const) {
    const { world, log, journal } = await aLogOf(bodiesOf(40, 50));
    let failing = true;
    world.faults.faultWhen((operation) =>
      failing && operation.kind === kind ? { is: 'refused', errno } : undefined,
    );
    assert.ok(isLogStoreError(await failureOf(world.run(log.read(1))), 'IO'));
    await world.run(journal.commit(log));
    failing = false;
    assert.is((await world.run(log.read(1))).sequence, 1);
  }
});

it('faults 43, 57: a footer that cannot be read costs time, not the opening', async () => {
  const { world, log, journal } = await almostFullSegment();
  await world.run(journal.data(log, new Uint8Array(350_000)));
  await world.run(log.close());
  for (const kind of ['open', 'read'] as const) {
    const after = world.crash(1, 'kill');
    after.faults.faultWhen((operation) =>
      operation.kind === kind && operation.path.endsWith('.footer')
        ? { is: 'refused', errno: 'EIO' }
        : undefined,
    );
    await after.run(withLog(after, journal, async () => undefined));
  }
});

it('faults 45: a directory that refuses is loud at start, with a code, and nothing is left locked', async () => {
  const { world } = await aLogOf(bodiesOf(40));
  const kinds: OperationKind[] = ['lock', 'list', 'open', 'create', 'rename', 'read', 'sizeBytes'];
  for (const kind of kinds) {
    const after = world.crash(1, 'kill');
    let failing = true;
    after.faults.faultWhen((operation) =>
      failing && operation.kind === kind ? { is: 'refused', errno: 'EACCES' } : undefined,
    );
    const failure = await failureOf(openNoting(after));
    assert.ok(isLogStoreError(failure, 'IO'), `${kind}: ${failure}`);
    failing = false;
    assert.is((await openNoting(after)).notes.commits.length, 1);
  }
});

it.run();
