import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../src/base/errors.js';
import { saltSeed } from '../../src/format/batch.js';
import { checksum } from '../../src/format/checksum.js';
import { segmentPath } from '../../src/format/file-names.js';
import { encodeRecordHeader } from '../../src/format/record.js';
import { decodeSegmentHeader } from '../../src/format/segment-header.js';
import { failureOf } from '../failure-of.js';
import { idle } from './log-script.js';
import {
  aKilledLogOf,
  aLogOf,
  bodiesOf,
  firstSegment,
  openNoting,
  placeOf,
  recordsIn,
  sequencesOf,
} from './log-world.js';
import { SimulatedWorld } from './simulated-host.js';

const it = suite('faults: segments that are not what they should be');

it('faults 17: a segment without records is fine; one that is missing or too short is loud', async () => {
  const fresh = new SimulatedWorld(1);
  await openNoting(fresh);
  const headerOnly = fresh.crash(1, 'kill');
  assert.is((await openNoting(headerOnly)).log.sequenceNext, 1);

  const unnamed = fresh.crash(2, 'kill');
  for (const path of unnamed.disk.testPaths())
    if (path.startsWith('manifest')) unnamed.disk.testRemove(path);
  unnamed.disk.testPlant(firstSegment, new Uint8Array(0));
  assert.is((await openNoting(unnamed)).log.sequenceNext, 1);

  const { world } = await aKilledLogOf(bodiesOf(40));
  for (const harm of ['missing', 'empty', 'half a header'] as const) {
    const after = world.crash(3, 'kill');
    if (harm === 'missing') after.disk.testRemove(firstSegment);
    else after.disk.testPlant(firstSegment, new Uint8Array(harm === 'empty' ? 0 : 5_000));
    const paths = after.disk.testPaths();
    const failure = await failureOf(openNoting(after));
    assert.ok(isLogStoreError(failure, 'STORE_DAMAGED'), `${harm}: ${failure}`);
    assert.equal(after.disk.testPaths(), paths);
  }
});

it('faults 17: an ended segment that is missing is loud, though its footer is whole', async () => {
  const { world, log, journal } = await aLogOf([]);
  await world.run(log.close());
  const { log: reopened } = await openNoting(world, { segmentBytes: 1024 ** 2 });
  for (let count = 0; count < 12; count++) {
    await world.run(journal.data(reopened, new Uint8Array(250_000).fill(count)));
  }
  await world.run(reopened.close());
  assert.ok(world.disk.testPaths().includes('log/0000000000000001.footer'));
  world.disk.testRemove(segmentPath(1));
  assert.ok(isLogStoreError(await failureOf(openNoting(world)), 'STORE_DAMAGED'));
});

it('faults 18: a power cut at any call of the very first opening leaves a store or none', async () => {
  const probe = new SimulatedWorld(1);
  await openNoting(probe);
  for (let number = 1; number <= probe.operationCount; number++) {
    for (let seed = 1; seed <= 6; seed++) {
      const world = new SimulatedWorld(1);
      world.faults.dieAt(number, seed % 2 === 0 ? 'after' : 'during');
      await failureOf(openNoting(world));
      const after = world.crash(seed, 'power');
      const { log } = await openNoting(after);
      assert.is(log.sequenceNext, 1);
      assert.is(log.state.is, 'ok');
      await after.run(log.close());
    }
  }
});

it('faults 19: a number twice, going back or left out is loud', async () => {
  const { world, log } = await aLogOf(bodiesOf(40, 50, 60));
  await world.run(idle(world, 80));
  const places = recordsIn(world);
  await world.run(log.close());
  for (const wrong of [1, 3]) {
    const after = world.crash(1, 'kill');
    rewriteRecord(after, placeOf(places, 2).offset, { sequence: wrong });
    const { log: opened, notes } = await openNoting(after);
    assert.is(opened.state.is, 'read-only');
    assert.ok(notes.lostSequences.includes(2));
    assert.equal(
      sequencesOf(notes).filter((sequence) => sequence === 1),
      [1],
    );
  }
});

it('faults 20: a record of an unknown kind is refused, wherever it stands, and nothing is written', async () => {
  // A stub is known, but none of it stands in a segment as first written.
  for (const [proven, kind] of [
    [true, 3],
    [false, 3],
    [true, 4],
    [false, 4],
  ] as const) {
    const { world, log } = await aLogOf(bodiesOf(40, 50));
    if (proven) await world.run(idle(world, 80));
    const after = world.crash(1, 'kill');
    rewriteRecord(after, placeOf(recordsIn(world), 2).offset, { kind });
    const filesBefore = allFiles(after);
    const failure = await failureOf(openNoting(after));
    assert.ok(isLogStoreError(failure, 'UNSUPPORTED_VERSION'), String(failure));
    assert.equal(allFiles(after), filesBefore);
    assert.is(log.state.is, 'ok');
  }
});

it('faults 20: a segment of a later format version is refused', async () => {
  const { world } = await aKilledLogOf(bodiesOf(40));
  const bytes = world.disk.testBytesOf(firstSegment);
  const view = new DataView(bytes.buffer);
  for (const copy of [0, 4096]) {
    view.setUint32(copy + 8, 2, true);
    view.setUint32(copy + 124, checksum(bytes.subarray(copy, copy + 124)), true);
  }
  world.disk.testPlant(firstSegment, bytes);
  assert.ok(isLogStoreError(await failureOf(openNoting(world)), 'UNSUPPORTED_VERSION'));
});

/** All files but the lock, which names whoever tries. */
function allFiles(world: SimulatedWorld): [string, string][] {
  return world.disk
    .testPaths()
    .filter((path) => path !== 'lock' && !path.startsWith('manifest'))
    .map((path) => [path, String(checksum(world.disk.testBytesOf(path)))]);
}

/** Writes other fields into a record's header, with a checksum that holds. */
function rewriteRecord(
  world: SimulatedWorld,
  offset: number,
  fields: { sequence?: number; kind?: number },
): void {
  const bytes = world.disk.testBytesOf(firstSegment);
  const view = new DataView(bytes.buffer);
  const seed = saltSeed(decodeSegmentHeader(bytes)?.salt ?? new Uint8Array());
  encodeRecordHeader(
    bytes,
    offset,
    {
      payloadChecksum: view.getUint32(offset + 4, true),
      payloadBytes: view.getUint32(offset + 8, true),
      kind: bytes[offset + 12] ?? 0,
      flags: bytes[offset + 13] ?? 0,
      sequence: Number(view.getBigUint64(offset + 16, true)),
      subject: bytes.slice(offset + 24, offset + 32),
      ...fields,
    },
    seed,
    offset,
  );
  world.disk.testPlant(firstSegment, bytes);
}

it.run();
