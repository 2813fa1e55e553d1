import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Disk } from '../../src/base/host.js';
import { highWaterFile, tilesDirectory } from '../../src/ledger/ledger-files.js';
import { checkpointFile } from '../../src/ledger/publisher.js';
import { verifyLedger } from '../../src/store/ledger-reports.js';
import {
  auditOf,
  aWorld,
  inStore,
  ledgerPaths,
  openForLife,
  SignedHeads,
  sealedBucket,
} from './sealed-life.js';
import { ledgerOf } from './sealed-store.js';
import { SimulatedWorld } from './simulated-host.js';

const it = suite('the audit of a ledger');
const body = new TextEncoder().encode('hello');

it('what a power cut leaves of rendered files is told as such, and made again', async () => {
  const { world, life } = await aWorld();
  const rendered = ledgerPaths(world).filter((path) => path.includes(`/${tilesDirectory}/`));
  const counted = await auditOf(world);
  const newest = rendered.filter((path) => path.endsWith(`.p/${counted.blockCount}`));
  assert.is(newest.length, 2);
  for (const path of [`ledger/1/${checkpointFile}`, ...newest]) {
    const whole = world.disk.testBytesOf(path);
    const damages = [0, 1, whole.length >> 1, whole.length - 1].map((end) =>
      whole.subarray(0, end),
    );
    const zeroed = whole.slice().fill(0, whole.length >> 1);
    for (const left of [...damages, zeroed, undefined]) {
      const cut = world.crash(1, 'kill');
      cut.disk.testRemove(path);
      if (left !== undefined) cut.disk.testPlant(path, left);
      const { wrong, rebuildable, blockCount } = await auditOf(cut);
      assert.equal([wrong, blockCount], [undefined, counted.blockCount]);
      const isMissed = left !== undefined || !path.endsWith(checkpointFile);
      assert.equal(rebuildable, isMissed ? [path.slice('ledger/1/'.length)] : []);
      const own = { ...life, signed: new SignedHeads(life.signed) };
      await inStore(cut, own, (store) => ledgerOf(store).seal());
      const after = await auditOf(cut);
      assert.equal([after.wrong, after.rebuildable], [undefined, []]);
    }
  }
});

it('a checkpoint that says other than the blocks is wrong, whoever signed it', async () => {
  const { world } = await aWorld();
  const path = `ledger/1/${checkpointFile}`;
  const note = new TextDecoder().decode(world.disk.testBytesOf(path));
  const [origin = '', size = '', root = ''] = note.split('\n');
  for (const other of [
    note.replace(`\n${size}\n`, `\n${Number(size) + 1}\n`),
    note.replace(root, `${root.startsWith('A') ? 'B' : 'A'}${root.slice(1)}`),
    note.replace(origin, `${origin}x`),
  ]) {
    const changed = world.crash(1, 'kill');
    changed.disk.testRemove(path);
    changed.disk.testPlant(path, new TextEncoder().encode(other));
    assert.match((await auditOf(changed)).wrong ?? '', 'the checkpoint');
  }
});

it('an audit beside a store that goes on sealing finds nothing wrong', async () => {
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const world = new SimulatedWorld(seed);
    const store = await world.run(openForLife(world, { signed: new SignedHeads(), name: 'one' }));
    await world.run(store.createBucket(sealedBucket));
    await world.run(ledgerOf(store).seal());
    let isDone = false;
    const going = (async () => {
      while (!isDone) {
        await store.put(sealedBucket, 'k', body);
        await ledgerOf(store).seal();
      }
    })();
    const report = verifyLedger(world, {
      full: seed % 2 === 0,
      highWater: { disk: world.disk, path: highWaterFile },
    }).finally(() => {
      isDone = true;
    });
    const { wrong } = await world.run(report);
    await world.run(going);
    assert.is(wrong, undefined, `seed ${seed}`);
    await world.run(store.close());
  }
});

it('an audit opens nothing for writing: a copy may lie where nobody can write', async () => {
  const { world } = await aWorld();
  const { clock, random, disk } = world;
  const opened: string[] = [];
  const watched: Disk = {
    open: (path, mode) => {
      if (mode !== 'read') opened.push(path);
      return disk.open(path, mode);
    },
    list: (path) => disk.list(path),
    sizeBytes: (path) => disk.sizeBytes(path),
    makeDirectory: (path) => disk.makeDirectory(path),
    rename: (from, to) => disk.rename(from, to),
    unlink: (path) => disk.unlink(path),
    syncDirectory: (path) => disk.syncDirectory(path),
    space: () => disk.space(),
    lock: (path, holder) => disk.lock(path, holder),
  };
  const highWater = { disk: watched, path: highWaterFile };
  const host = { clock, random, disk: watched };
  const { wrong } = await world.run(verifyLedger(host, { full: true, highWater }));
  assert.equal([wrong, opened], [undefined, []]);
});

it.run();
