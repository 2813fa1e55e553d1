import { crc32 } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../src/base/errors.js';
import { setU32 } from '../../src/format/byte-order.js';
import { snapshotFile } from '../../src/format/file-names.js';
import {
  decodeHeader,
  entryRow,
  sectionBytesOf,
  tableOffsetOf,
} from '../../src/format/index-snapshot.js';
import { readSnapshot } from '../../src/index/snapshot.js';
import { openStoreOn } from '../../src/store/store.js';
import type { Store } from '../../src/store/types.js';
import { failureOf } from '../failure-of.js';
import { chosen } from './chosen-tests.js';
import { listenTo } from './log-world.js';
import { SimulatedWorld } from './simulated-host.js';
import { aSmallStore, look, smallStoreOptions } from './small-store.js';

const it = chosen(suite('faults: snapshots and footers'));

function opened(world: SimulatedWorld): Promise<Store> {
  return world.run(openStoreOn(world, smallStoreOptions));
}

async function digestOf(world: SimulatedWorld): Promise<string> {
  const store = await opened(world);
  const digest = Buffer.from(await world.run(store.indexDigest())).toString('hex');
  await world.run(store.close());
  return digest;
}

it('faults 61: without snapshot, or any footer, or with a damaged one, the index is the same', async () => {
  const base = (await aSmallStore('closed')).crash(1, 'kill');
  const whole = await digestOf(base.crash(2, 'kill'));
  const caches = base.disk
    .testPaths()
    .filter((path) => path === snapshotFile || path.endsWith('.footer'));
  assert.ok(caches.length >= 2, caches.join());
  for (const path of [...caches, 'all of them']) {
    for (const harm of ['removed', 'empty', 'half', 'garbage'] as const) {
      const after = base.crash(3, 'kill');
      for (const cache of path === 'all of them' ? caches : [path]) {
        const bytes = after.disk.testBytesOf(cache);
        if (harm === 'removed') after.disk.testRemove(cache);
        if (harm === 'empty') after.disk.testPlant(cache, new Uint8Array(0));
        if (harm === 'half') after.disk.testPlant(cache, bytes.subarray(0, bytes.length >> 1));
        if (harm === 'garbage') after.disk.testPlant(cache, bytes.fill(0xa5, 200));
      }
      assert.is(await digestOf(after), whole, `${path}: ${harm}`);
    }
  }
});

it('faults 60: an older snapshot is taken as far as it goes, and the log from there on', async () => {
  const world = (await aSmallStore('closed')).crash(1, 'kill');
  const older = world.disk.testBytesOf(snapshotFile);
  const store = await opened(world);
  await world.run(store.put('first', 'later', Buffer.from('later')));
  await world.run(store.delete('first', 'inline'));
  const expected = await world.run(store.indexDigest());
  await world.run(store.close());
  for (const ending of ['closed', 'killed'] as const) {
    const after = world.crash(1, 'kill');
    if (ending === 'killed') {
      const going = await opened(after);
      assert.equal(await after.run(going.indexDigest()), expected);
    }
    const again = after.crash(2, 'kill');
    again.disk.testPlant(snapshotFile, older);
    const reopened = await opened(again);
    assert.equal(await again.run(reopened.indexDigest()), expected);
    const later = Buffer.from(await again.run(reopened.getBytes('first', 'later')));
    assert.is(later.toString(), 'later');
    assert.ok(
      isLogStoreError(await failureOf(again.run(reopened.head('first', 'inline'))), 'NO_SUCH_KEY'),
    );
  }
});

it('faults 60: a log that ends below its snapshot has lost something, and is refused', async () => {
  const world = (await aSmallStore('closed')).crash(1, 'kill');
  const earlier = filesOf(world);
  const store = await opened(world);
  await world.run(store.put('first', 'later', Buffer.from('later')));
  await world.run(store.close());
  const newer = world.disk.testBytesOf(snapshotFile);
  const after = world.crash(1, 'kill');
  // The log as it was, killed after it was opened: nothing but the snapshot tells of more.
  for (const [path, bytes] of earlier) after.disk.testPlant(path, bytes);
  for (const path of after.disk.testPaths()) if (!earlier.has(path)) after.disk.testRemove(path);
  await opened(after);
  const killed = after.crash(2, 'kill');
  killed.disk.testPlant(snapshotFile, newer);
  const before = [...filesOf(killed)].filter(([path]) => path.endsWith('.seg'));
  const failure = await failureOf(opened(killed));
  assert.ok(isLogStoreError(failure, 'STORE_DAMAGED'), String(failure));
  const segments = [...filesOf(killed)].filter(([path]) => path.endsWith('.seg'));
  assert.equal(segments, before);
});

function filesOf(world: SimulatedWorld): Map<string, Uint8Array> {
  const paths = world.disk.testPaths().filter((path) => path !== 'lock');
  return new Map(paths.map((path) => [path, world.disk.testBytesOf(path)]));
}

it('faults 62: a snapshot of another store, or of another life of this one, is not believed', async () => {
  const base = (await aSmallStore('closed')).crash(1, 'kill');
  const whole = await digestOf(base.crash(2, 'kill'));
  const other = new SimulatedWorld(77);
  const stranger = await opened(other);
  await other.run(stranger.createBucket('elsewhere'));
  for (let count = 0; count < 60; count++)
    await other.run(stranger.put('elsewhere', `key-${count}`, Buffer.from('x')));
  await other.run(stranger.close());

  // Two lives of one store that part after the same beginning.
  const branch = base.crash(3, 'kill');
  const theirs = await opened(branch);
  await branch.run(theirs.put('first', 'branch', Buffer.from('x')));
  await branch.run(theirs.close());
  const mine = base.crash(4, 'kill');
  const ours = await opened(mine);
  await mine.run(ours.put('first', 'mine', Buffer.from('y')));
  const expected = Buffer.from(await mine.run(ours.indexDigest())).toString('hex');
  await mine.run(ours.close());

  for (const [world, foreign, digest] of [
    [base, other, whole],
    [mine, branch, expected],
  ] as const) {
    const after = world.crash(5, 'kill');
    after.disk.testPlant(snapshotFile, foreign.disk.testBytesOf(snapshotFile));
    assert.is(await digestOf(after), digest);
  }
});

/** The checksum of each object that has one, as listings tell it. */
async function checksumsOf(world: SimulatedWorld): Promise<string[]> {
  const store = await opened(world);
  const told: string[] = [];
  await world.run(
    (async () => {
      for await (const { key, checksum } of store.objects('first'))
        if (checksum !== undefined) told.push(`${key}: ${checksum.algorithm} ${checksum.type}`);
    })(),
  );
  await world.run(store.close());
  return told;
}

/** The same file as version 3 would have written it: its rows of objects end with a zero. */
function ofVersion3(bytes: Uint8Array): Uint8Array {
  const older = Uint8Array.from(bytes);
  const decoded = decodeHeader(older, older.length);
  if (decoded.is === 'invalid') throw new Error(decoded.reason);
  const headerEnd = decoded.headerBytes - 4;
  setU32(older, 8, 3);
  setU32(older, headerEnd, crc32(older.subarray(0, headerEnd)));
  const table = older.subarray(tableOffsetOf(decoded.header));
  setU32(table, 0, crc32(older.subarray(0, headerEnd)));
  // Of the objects, the first index, the fifth section has the rows; each section is one block.
  const [nodes = 0, slots = 0, keys = 0, free = 0, rows = 0] = sectionBytesOf(decoded.header);
  const from = decoded.headerBytes + nodes + slots + keys + free;
  const entries = older.subarray(from, from + rows);
  for (let at = 0; at < rows; at += entryRow.sizeOf)
    entries.fill(0, at + entryRow.checksumKind, at + entryRow.sizeOf);
  setU32(table, 4 + 4 * 4, crc32(entries));
  setU32(table, table.length - 4, crc32(table.subarray(0, -4)));
  return older;
}

it('listings tell of checksums after a start from a snapshot, from the log and from an old one', async () => {
  const base = (await aSmallStore('closed')).crash(1, 'kill');
  const expected = ['overwritten: CRC64NVME FULL_OBJECT'];
  assert.equal(await checksumsOf(base.crash(2, 'kill')), expected);
  const without = base.crash(2, 'kill');
  without.disk.testRemove(snapshotFile);
  assert.equal(await checksumsOf(without), expected);
  const old = base.crash(2, 'kill');
  old.disk.testPlant(snapshotFile, ofVersion3(old.disk.testBytesOf(snapshotFile)));
  const read = await old.run(readSnapshot(old.disk, snapshotFile));
  assert.equal([read.is, read.is === 'snapshot' && read.isCurrent], ['snapshot', false]);
  assert.equal(await checksumsOf(old), expected);
});

it('faults 69: a clean close and start replays nothing and gives the identical state', async () => {
  const base = (await aSmallStore('closed')).crash(1, 'kill');
  const before = await digestOf(base.crash(2, 'kill'));
  const world = base.crash(3, 'kill');
  const calls = listenTo(world);
  const store = await opened(world);
  const segmentsRead = calls.filter(
    ({ kind, path, offset = 0 }) => kind === 'read' && path.endsWith('.seg') && offset >= 8192,
  );
  const made = calls.filter(({ kind, path }) => kind === 'create' && path.endsWith('.seg'));
  assert.equal(made, []);
  assert.ok(segmentsRead.length > 0, 'the last batch is looked at');
  const bytesRead = segmentsRead.reduce((sum, { lengthBytes = 0 }) => sum + lengthBytes, 0);
  assert.ok(bytesRead < 40 * 1024 ** 2);
  const sight = await world.run(look(store));
  assert.is(sight.objects.get('first/deleted'), null);
  await world.run(store.close());
  assert.is(await digestOf(world.crash(3, 'power')), before);
});

it.run();
