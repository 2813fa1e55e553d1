import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { changeRecord } from '../../../src/format/change-record.js';
import { ledgerBlock } from '../../../src/format/ledger-block.js';
import { HighWaterFile } from '../../../src/ledger/high-water-file.js';
import {
  epochDirectory,
  highWaterFile,
  hostBelow,
  tilesDirectory,
} from '../../../src/ledger/ledger-files.js';
import { treeHash } from '../../../src/merkle/growing-tree.js';
import { leafHash } from '../../../src/merkle/rfc6962.js';
import { type LedgerReport, verifyLedger } from '../../../src/store/ledger-reports.js';
import { blocksOf, type ForgedBlock, writeBlocks } from '../../sim/forged-ledger.js';
import { ledgerOf, openSealed } from '../../sim/sealed-store.js';
import { SimulatedWorld } from '../../sim/simulated-host.js';
import { nodeSha256 as hash } from '../ledger/golden.js';

const it = suite('a ledger that was tampered with');
const encoder = new TextEncoder();

/** A closed store with four blocks, the third with two changes. */
async function aStore(seed: number): Promise<SimulatedWorld> {
  const world = new SimulatedWorld(seed);
  await world.run(
    (async () => {
      await using store = await openSealed(world);
      await store.createBucket('photos');
      for (const keys of [[], ['a'], ['b', 'c'], ['a']]) {
        for (const key of keys) await store.put('photos', key, encoder.encode(`${key} ${seed}`));
        await ledgerOf(store).seal();
      }
      assert.is(ledgerOf(store).standing().signedSize, 4);
    })(),
  );
  return world;
}

function audit(
  world: SimulatedWorld,
  full: boolean,
  pins: readonly { origin: undefined; size: number; root: Uint8Array }[] = [],
): Promise<LedgerReport> {
  const highWater = { disk: world.disk, path: highWaterFile };
  return world.run(verifyLedger(world, { full, highWater, pins }));
}

/** What an audit says of a ledger with other blocks; the full one must say the same. */
async function verdictOn(
  forge: (blocks: readonly ForgedBlock[]) => Promise<readonly ForgedBlock[]> | ForgedBlock[],
  full: boolean,
): Promise<string> {
  const world = await aStore(1);
  assert.is((await audit(world, true)).wrong, undefined);
  const forged = await forge(await world.run(blocksOf(world)));
  await world.run(writeBlocks(world, forged));
  const { wrong = 'nothing' } = await audit(world, full);
  if (!full) assert.is.not((await audit(world, true)).wrong, undefined);
  return wrong;
}

function withEntries(
  blocks: readonly ForgedBlock[],
  height: number,
  change: (entries: ForgedBlock['entries']) => ForgedBlock['entries'],
): ForgedBlock[] {
  return blocks.map((block, at) => {
    return at === height ? { ...block, entries: change(block.entries) } : block;
  });
}

it('what is as it was written passes, also when written anew', async () => {
  assert.is(await verdictOn((blocks) => [...blocks], true), 'nothing');
});

it('faults 82: an entry that was edited is named', async () => {
  const edit = (blocks: readonly ForgedBlock[]) =>
    withEntries(blocks, 1, ([first]) => {
      if (first === undefined) return [];
      const change = changeRecord.decode(first.text);
      return [{ ...first, text: changeRecord.encode({ ...change, time: change.time - 1 }) }];
    });
  assert.match(await verdictOn(edit, true), 'block 1: its change records are not those');
});

it('faults 86: an entry that was deleted, repeated or put before another is named', async () => {
  const expected = 'block 2: its change records are not those';
  for (const change of [
    (entries: ForgedBlock['entries']) => entries.slice(1),
    (entries: ForgedBlock['entries']) => [...entries, ...entries.slice(-1)],
    (entries: ForgedBlock['entries']) => entries.toReversed(),
  ])
    assert.match(await verdictOn((blocks) => withEntries(blocks, 2, change), true), expected);
});

it('faults 86: a block that was deleted, inserted, repeated or reordered is named', async () => {
  const cases: [string, (blocks: readonly ForgedBlock[]) => ForgedBlock[]][] = [
    ['block 1: block 2 stands in its place', (blocks) => blocks.toSpliced(1, 1)],
    ['block 0: block 1 stands in its place', (blocks) => blocks.slice(1)],
    ['block 2: block 1 stands in its place', (blocks) => blocks.toSpliced(2, 0, at(blocks, 1))],
    [
      'block 1: block 2 stands in its place',
      ([one, two, three, ...rest]) => [one, three, two, ...rest].flatMap((block) => block ?? []),
    ],
    ['block 2 does not name the block before it', (blocks) => forgedAt(blocks, 1)],
  ];
  for (const [expected, forge] of cases) assert.match(await verdictOn(forge, false), expected);
  // The last block alone names nobody who would miss it: what was published does.
  assert.match(await verdictOn((blocks) => forgedAt(blocks, 3), false), 'another root');
});

it('faults 74, 86: a block of another store is named', async () => {
  const other = await aStore(2);
  const foreign = await other.run(blocksOf(other));
  const forge = (blocks: readonly ForgedBlock[]) => blocks.with(2, at(foreign, 2));
  assert.match(
    await verdictOn(async (blocks) => forge(blocks), false),
    'block 2 is of another log',
  );
  const all = async () => foreign;
  assert.match(await verdictOn(all, false), 'block 0 is of another log');
});

it('faults 83: an end that was cut off is told by the checkpoint, the mark, or a pin', async () => {
  const world = await aStore(1);
  const blocks = await world.run(blocksOf(world));
  const pin = { origin: undefined, size: 4, root: rootOf(blocks) };
  await world.run(writeBlocks(world, blocks.slice(0, 3)));
  assert.match((await audit(world, false)).wrong ?? '', 'the end was cut off');
  await unpublish(world);
  assert.match((await audit(world, false)).wrong ?? '', '3 blocks, 4 were signed');
  await world.run(forgeMark(world, blocks.slice(0, 3)));
  assert.is((await audit(world, false)).wrong, undefined, 'it looks as if it had not grown yet');
  assert.match((await audit(world, false, [pin])).wrong ?? '', 'cut short');
});

it('a history that was rewritten to its end, and signed, is told by a pin alone', async () => {
  const world = await aStore(1);
  const blocks = await world.run(blocksOf(world));
  const pin = { origin: undefined, size: 2, root: rootOf(blocks.slice(0, 2)) };
  const rewritten: ForgedBlock[] = [];
  for (const block of forgedAt(blocks, 1)) {
    const last = rewritten.at(-1);
    const prev = last === undefined ? undefined : leafHash(hash, encoder.encode(last.text));
    rewritten.push({ ...block, text: edited(block.text, { prev }) });
  }
  await world.run(writeBlocks(world, rewritten));
  await unpublish(world);
  await world.run(forgeMark(world, rewritten));
  await world.run(
    (async () => {
      await using store = await openSealed(world);
      await ledgerOf(store).keys();
      assert.is(ledgerOf(store).standing().is, 'ok', 'its operator signs whatever it is');
    })(),
  );
  assert.is((await audit(world, false)).wrong, undefined);
  assert.match((await audit(world, false, [pin])).wrong ?? '', 'rewritten');
});

function at(blocks: readonly ForgedBlock[], height: number): ForgedBlock {
  const block = blocks[height];
  if (block === undefined) throw new Error(`there is no block ${height}`);
  return block;
}

/** Another time than it had. */
function forgedAt(blocks: readonly ForgedBlock[], height: number): ForgedBlock[] {
  const block = at(blocks, height);
  const { time } = ledgerBlock.decode(block.text);
  const later = edited(block.text, { time: time + 1 });
  return blocks.with(height, { ...block, text: later });
}

function edited(text: string, change: Partial<ReturnType<typeof ledgerBlock.decode>>): string {
  return ledgerBlock.encode({ ...ledgerBlock.decode(text), ...change });
}

function rootOf(blocks: readonly ForgedBlock[]): Uint8Array {
  return treeHash(
    hash,
    blocks.map(({ text }) => encoder.encode(text)),
  );
}

/** Takes away what is published, as if nothing was yet. */
async function unpublish(world: SimulatedWorld): Promise<void> {
  const { disk } = hostBelow(world, epochDirectory(1));
  for (const file of ['checkpoint', 'checkpoint.log'])
    await world.run(disk.unlink(`${tilesDirectory}/${file}`));
}

async function forgeMark(world: SimulatedWorld, blocks: readonly ForgedBlock[]): Promise<void> {
  await world.disk.unlink(highWaterFile);
  const { origin } = ledgerBlock.decode(at(blocks, 0).text);
  await using marks = await HighWaterFile.open({ disk: world.disk, path: highWaterFile });
  const head = { size: blocks.length, root: rootOf(blocks) };
  await marks.raise(head, hash(encoder.encode(origin)));
}

it.run();
