import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { footerPath, manifestFiles, parityPath, segmentPath } from '../../src/format/file-names.js';
import { readManifest } from '../../src/log/manifest.js';
import { openStoreOn } from '../../src/store/store.js';
import { chosen } from './chosen-tests.js';
import { tinySegments } from './compaction-history.js';
import type { Operation } from './fault-plan.js';
import { listenTo } from './log-world.js';
import { SeededRandom } from './seeded-random.js';
import { SimulatedWorld } from './simulated-host.js';

const it = chosen(suite('faults: the removal of old segments'));
const options = { ...tinySegments, parity: 'inline' } as const;

/** A store whose segments have parity, and are mostly dead. */
async function aStoreToCompact() {
  const world = new SimulatedWorld(32);
  const random = new SeededRandom(32);
  const store = await world.run(openStoreOn(world, options));
  await world.run(store.createBucket('bucket'));
  for (let index = 0; index < 40; index++)
    await world.run(store.put('bucket', `key-${index % 5}`, random.bytes(3_000)));
  await world.run(store.scrub());
  return { world, store };
}

async function namedFiles(world: SimulatedWorld): Promise<ReadonlySet<number>> {
  const state = await world.run(readManifest(world.disk));
  return new Set(state?.files.map(({ fileId }) => fileId));
}

/** The number of the first call of this kind behind `after`, if there is one. */
function firstBehind(
  calls: readonly Operation[],
  after: number,
  kind: Operation['kind'],
  path: string,
): number | undefined {
  return calls.find((call) => call.kind === kind && call.path === path && call.number > after)
    ?.number;
}

function lastOf(calls: readonly Operation[], kind: Operation['kind'], path: string): number {
  return calls.findLast((call) => call.kind === kind && call.path === path)?.number ?? 0;
}

/** Asserts that these calls come one behind the other, by their numbers. */
function inOrder(steps: readonly (readonly [string, number | undefined])[]): void {
  let [before, last] = ['the beginning', 0];
  for (const [step, number] of steps) {
    assert.ok(number !== undefined && number > last, `${step} (${number}) behind ${before}`);
    [before, last] = [step, number ?? 0];
  }
}

it('faults 32: old files go only after the new ones, both manifests and their directories are synced', async () => {
  const { world, store } = await aStoreToCompact();
  const olds = await namedFiles(world);
  const all = listenTo(world);
  await world.run(store.compact({ all: true }));
  const news = [...(await namedFiles(world))].filter((fileId) => !olds.has(fileId));
  const gone = [...olds].filter((fileId) => !world.disk.testPaths().includes(segmentPath(fileId)));
  assert.ok(news.length > 0 && gone.length > 2, `${news.length} new, ${gone.length} gone`);
  const oldPaths = gone.flatMap((fileId) => [
    ...[segmentPath(fileId), footerPath(fileId)],
    ...[parityPath(fileId, 0), parityPath(fileId, 1)],
  ]);
  const unlinks = all.filter(({ kind, path }) => kind === 'unlink' && oldPaths.includes(path));
  assert.equal(unlinks.map(({ path }) => path).sort(), oldPaths.sort());
  const [first, last] = [unlinks[0]?.number ?? 0, unlinks.at(-1)?.number ?? 0];
  const calls = all.filter(({ number }) => number < first);
  const rewritten = news.filter((fileId) => lastOf(calls, 'create', `${footerPath(fileId)}.tmp`));
  assert.ok(rewritten.length > 0, 'others begin behind the swap, for new writes');
  for (const fileId of rewritten) {
    const [segment, footer] = [segmentPath(fileId), `${footerPath(fileId)}.tmp`];
    const written = lastOf(calls, 'write', segment);
    const synced = firstBehind(calls, written, 'sync', segment);
    const renamed = lastOf(calls, 'rename', footer);
    inOrder([
      [`the name of ${segment}`, lastOf(calls, 'create', segment)],
      [`its last write`, written],
      [`its sync`, synced],
      [`the sync of ${footer}`, lastOf(calls, 'sync', footer)],
      ['its rename', renamed],
      ['the sync of its directory', firstBehind(calls, renamed, 'syncDirectory', 'log')],
    ]);
    const listed = firstBehind(calls, renamed, 'syncDirectory', 'log');
    for (const copy of manifestFiles) {
      const frame = calls.findLast(({ kind, path }) => kind === 'write' && path.startsWith(copy));
      assert.ok(frame !== undefined && frame.number > (listed ?? Infinity), `${copy} says so then`);
      inOrder([
        [`the frame of ${copy}`, frame?.number],
        ['its sync', firstBehind(calls, frame?.number ?? 0, 'sync', frame?.path ?? '')],
        ['the first unlink', first],
      ]);
    }
  }
  assert.ok(firstBehind(all, last, 'syncDirectory', 'log') !== undefined, 'and stay away');
});

it('faults 32, 33: what a crash left of them goes at the next start, after both manifests are synced anew', async () => {
  const { world, store } = await aStoreToCompact();
  const olds = await namedFiles(world);
  world.faults.faultWhen(({ kind, path }) =>
    kind === 'unlink' && path.endsWith('.seg') ? { is: 'death', when: 'before' } : undefined,
  );
  await world.run(store.compact({ all: true })).catch(() => undefined);
  assert.ok(world.died, 'in the middle of the removal');
  const after = world.crash(1, 'kill');
  const left = [...olds].filter((fileId) => after.disk.testPaths().includes(segmentPath(fileId)));
  const calls = listenTo(after);
  const opened = await after.run(openStoreOn(after, options));
  assert.is(opened.stats().objects, 5);
  const named = await namedFiles(after);
  const orphans = left.filter((fileId) => !named.has(fileId)).map(segmentPath);
  assert.ok(orphans.length > 2, `${orphans.length} orphans`);
  const unlinks = orphans.map((path) => firstBehind(calls, 0, 'unlink', path));
  const first = Math.min(...unlinks.map((number) => number ?? 0));
  assert.ok(first > 0, 'all go');
  for (const copy of manifestFiles) {
    const renamed = calls.find(({ kind, to }) => kind === 'rename' && to === copy)?.number;
    inOrder([
      [`the sync of ${copy}`, firstBehind(calls, 0, 'sync', `${copy}.tmp`)],
      ['its rename', renamed],
      ['the sync of its directory', firstBehind(calls, renamed ?? 0, 'syncDirectory', '')],
      ['the first unlink', first],
    ]);
  }
  await after.run(opened.close());
});

it.run();
