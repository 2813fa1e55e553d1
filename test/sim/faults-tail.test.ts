import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../src/base/errors.js';
import { encodeBatchHeader, saltSeed } from '../../src/format/batch.js';
import { recordHeaderBytes } from '../../src/format/record.js';
import { batchesStart, decodeSegmentHeader } from '../../src/format/segment-header.js';
import type { Log } from '../../src/log/types.js';
import { failureOf } from '../failure-of.js';
import { chosen } from './chosen-tests.js';
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
import { SeededRandom } from './seeded-random.js';
import { SimulatedWorld } from './simulated-host.js';

const it = chosen(suite('faults: the tail of the log'));

it('faults 3: a log cut at each byte of its last record opens with exactly the earlier ones', async () => {
  const { world, journal } = await aKilledLogOf(bodiesOf(40, 50, 61));
  const whole = world.disk.testBytesOf(firstSegment);
  const last = placeOf(recordsIn(world), 3);
  const payloadEnd = last.offset + recordHeaderBytes + last.payloadBytes;
  for (let cut = last.offset - 64; cut <= last.end; cut++) {
    for (const behind of ['nothing', 'zeros'] as const) {
      const after = world.crash(cut, 'kill');
      const bytes = behind === 'nothing' ? whole.slice(0, cut) : whole.slice().fill(0, cut);
      after.disk.testPlant(firstSegment, bytes);
      const { log, notes } = await openNoting(after);
      const expected = cut < payloadEnd ? [1, 2] : [1, 2, 3];
      assert.equal(sequencesOf(notes), expected, `cut at ${cut}, ${behind} behind`);
      assert.is(log.sequenceNext, expected.length + 1);
      await after.run(log.close());
    }
  }
  const uncut = world.crash(0, 'kill');
  const { log, notes } = await openNoting(uncut);
  await uncut.run(journal.check(log, notes));
});

it('faults 4, 5: garbage or zeros behind the last record are not parsed and not kept', async () => {
  for (const behind of ['garbage', 'zeros', 'a short piece of garbage'] as const) {
    const { world, journal } = await aKilledLogOf(bodiesOf(40, 50));
    const whole = world.disk.testBytesOf(firstSegment);
    const { end } = placeOf(recordsIn(world), 2);
    const random = new SeededRandom(4);
    if (behind === 'garbage') whole.set(random.bytes(100_000), end);
    if (behind === 'zeros') whole.fill(0, end);
    const cut = behind === 'a short piece of garbage' ? end + 20 : whole.length;
    world.disk.testPlant(firstSegment, whole.subarray(0, cut));
    const { log, notes } = await openNoting(world);
    await world.run(journal.check(log, notes));
  }
});

it('faults 6: a commit that rotted under later ones is loud, and nothing is cut', async () => {
  const { world, log, journal } = await aLogOf(bodiesOf(40, 50, 60, 70));
  await world.run(idle(world, 80));
  const places = recordsIn(world);
  await world.run(log.close());
  for (const closed of [true, false]) {
    const after = world.crash(1, 'kill');
    if (!closed) {
      const { log: reopened } = await openNoting(after);
      await after.run(journal.commit(reopened));
    }
    const killed = after.crash(2, 'kill');
    const rotten = placeOf(places, 2);
    killed.disk.testFlip(firstSegment, rotten.offset + recordHeaderBytes + 3, 5);
    const before = killed.disk.testBytesOf(firstSegment);
    const { log: damaged, notes } = await openNoting(killed);
    assert.is(damaged.state.is, 'read-only');
    assert.match(String(damaged.state.reason), 'record 2');
    assert.equal(notes.lostSequences, [2]);
    assert.equal(sequencesOf(notes), closed ? [1, 3, 4] : [1, 3, 4, 5]);
    assert.ok(isLogStoreError(await failureOf(killed.run(damaged.read(2))), 'RECORD_CORRUPT'));
    assert.is((await killed.run(damaged.read(3))).sequence, 3);
    assert.throws(() => damaged.takeVersions(1), isReadOnly);
    assert.equal(killed.disk.testBytesOf(firstSegment), before);
    await killed.run(damaged.close());
  }
});

function isReadOnly(error: unknown): boolean {
  return isLogStoreError(error, 'READ_ONLY');
}

it('faults 48: a batch header that rotted hides none of its records, and none behind it', async () => {
  const { world, log, journal } = await aLogOf(bodiesOf(40, 50, 60, 70));
  await world.run(idle(world, 80));
  assert.is(log.state.is, 'ok');
  const places = recordsIn(world);
  for (const sequence of [1, 2, 3, 4]) {
    const after = world.crash(sequence, 'kill');
    after.disk.testFlip(firstSegment, batchOf(placeOf(places, sequence).offset) + 20, 2);
    const { log: opened, notes } = await openNoting(after);
    await after.run(journal.check(opened, notes));
    assert.equal(sequencesOf(notes), [1, 2, 3, 4]);
  }
  // A second fault behind it: what is proven ends neither at the one nor at the other.
  const after = world.crash(5, 'kill');
  after.disk.testFlip(firstSegment, batchOf(placeOf(places, 2).offset) + 20, 2);
  after.disk.testFlip(firstSegment, placeOf(places, 3).end - 9, 2);
  const { log: opened, notes } = await openNoting(after);
  assert.is(opened.state.is, 'read-only');
  assert.equal(sequencesOf(notes), [1, 2, 4]);
  assert.equal(notes.lostSequences, [3]);
});

it('faults 6, 12: a rotten data record stays rotten through recoveries, all others are read', async () => {
  const { world, log, journal } = await aLogOf(bodiesOf(40));
  const body = new SeededRandom(1).bytes(5_000);
  const data = await world.run(Promise.all([1, 2, 3].map(() => journal.data(log, body))));
  await world.run(journal.commit(log));
  const [, rotten] = data;
  assert.is(rotten, 3);
  let after = world.crash(1, 'kill');
  const place = placeOf(recordsIn(world), 3);
  after.disk.testFlip(firstSegment, place.offset + recordHeaderBytes + 4_000, 0);
  for (let round = 0; round < 3; round++) {
    const { log: opened, notes } = await openNoting(after);
    assert.is(opened.state.is, 'ok');
    assert.equal(sequencesOf(notes).slice(0, 2), [1, 5]);
    assert.ok(isLogStoreError(await failureOf(after.run(opened.read(3))), 'RECORD_CORRUPT'));
    for (const whole of [2, 4]) {
      const { payload } = await after.run(opened.read(whole));
      assert.ok(Buffer.from(body).equals(payload));
    }
    await after.run(journal.commit(opened));
    after = after.crash(round, 'kill');
  }
});

it('faults 7: a rotten last record that a later batch proves is loud, not cut', async () => {
  const { world } = await aLogOf(bodiesOf(40, 50));
  await world.run(idle(world, 80)); // the marking batch
  const after = world.crash(1, 'kill');
  after.disk.testFlip(firstSegment, placeOf(recordsIn(world), 2).end - 9, 1);
  const { log, notes } = await openNoting(after);
  assert.is(log.state.is, 'read-only');
  assert.equal(notes.lostSequences, [2]);
});

it('faults 8: a bad last record that nothing proves is cut, and its bytes are kept', async () => {
  const { world } = await aKilledLogOf(bodiesOf(40, 50));
  world.disk.testFlip(firstSegment, placeOf(recordsIn(world), 2).end - 9, 1);
  const before = world.disk.testBytesOf(firstSegment);
  const { log, notes } = await openNoting(world);
  assert.is(log.state.is, 'ok');
  assert.equal(sequencesOf(notes), [1]);
  assert.equal(world.disk.testBytesOf(firstSegment), before);
  const again = world.crash(1, 'power');
  assert.equal(sequencesOf((await openNoting(again)).notes), [1]);
  assert.equal(again.disk.testBytesOf(firstSegment), before);
});

it('faults 9: a hole in the last batch ends the log there', async () => {
  const { world, log, journal } = await aLogOf(bodiesOf(40));
  await world.run(Promise.all(bodiesOf(700, 701, 702).map((body) => journal.commit(log, body))));
  const after = world.crash(1, 'kill');
  const hole = placeOf(recordsIn(world), 3);
  const bytes = after.disk.testBytesOf(firstSegment).fill(0, hole.offset, hole.end);
  after.disk.testPlant(firstSegment, bytes);
  assert.equal(sequencesOf((await openNoting(after)).notes), [1, 2]);
});

it('faults 10: a large record whose inner piece never came is dropped', async () => {
  const { world, log, journal } = await aLogOf(bodiesOf(40));
  const random = new SeededRandom(1);
  await world.run(journal.commit(log, random.bytes(60_000)));
  const after = world.crash(1, 'kill');
  const { offset } = placeOf(recordsIn(world), 2);
  const bytes = after.disk.testBytesOf(firstSegment).fill(0, offset + 30_000, offset + 30_512);
  after.disk.testPlant(firstSegment, bytes);
  assert.equal(sequencesOf((await openNoting(after)).notes), [1]);
});

it('faults 14: what was cut never comes back, though later records end where it began', async () => {
  const { world } = await aKilledLogOf(bodiesOf(40, 50, 60));
  world.disk.testFlip(firstSegment, placeOf(recordsIn(world), 2).end - 9, 1);
  // Record 2 is proven by the header of 3's batch; without that header it is a tear.
  world.disk.testFlip(firstSegment, batchOf(placeOf(recordsIn(world), 3).offset), 0);
  let after = world;
  for (let round = 1; round <= 3; round++) {
    const { log, notes } = await openNoting(after);
    assert.is(notes.commits.length, round);
    assert.is(log.sequenceNext, round + 1);
    const bytes = new Uint8Array(50).fill(100 + round);
    const [version, subject] = [log.takeVersions(1), new Uint8Array(8)];
    const head = (await after.run(log.read(1))).payload;
    assert.is(version > 0, true);
    await after.run(
      appended(log, { subject, payload: [head.subarray(0, head.length - 40), bytes] }),
    );
    after = after.crash(round, round % 2 === 0 ? 'power' : 'kill');
  }
});

function batchOf(firstRecordOffset: number): number {
  return firstRecordOffset - 64;
}

function appended(
  log: Log,
  { subject, payload }: { subject: Uint8Array; payload: Uint8Array[] },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const record = { kind: 'commit', flags: 1, subject, payload } as const;
    log.append({ ...record, onDurable: resolve, onFailed: reject });
  });
}

it('faults 15: bytes of another segment, or of another place in this one, are never replayed', async () => {
  const { world } = await aKilledLogOf(bodiesOf(40, 50));
  const own = world.disk.testBytesOf(firstSegment);
  const places = recordsIn(world);
  const second = placeOf(places, 2);
  const other = new SimulatedWorld(2);
  await aLogOf(bodiesOf(40, 50, 60), other);
  const foreign = other.disk.testBytesOf(firstSegment);
  const third = batchOf(placeOf(recordsIn(other), 3).offset);
  const place = Math.ceil(second.end / 512) * 512;
  for (const stale of [
    foreign.subarray(third, third + 512), // numbers fit: only the salt differs
    own.subarray(batchOf(second.offset), second.end),
  ]) {
    const after = world.crash(1, 'kill');
    const bytes = own.slice();
    bytes.set(stale, place);
    after.disk.testPlant(firstSegment, bytes);
    assert.equal(sequencesOf((await openNoting(after)).notes), [1, 2]);
  }
});

it('faults 16: a record of ours inside a body is never parsed, though the one around it is torn', async () => {
  const { world: first } = await aKilledLogOf(bodiesOf(40, 50));
  const forged = first.disk.testBytesOf(firstSegment).slice(batchesStart, batchesStart + 1024);
  const body = Buffer.concat(Array.from({ length: 40 }, () => forged));
  const { world } = await aKilledLogOf([new Uint8Array(40), body]);
  const torn = placeOf(recordsIn(world), 2);
  assert.is(torn.sequence, 2);
  world.disk.testFlip(firstSegment, torn.offset + 5, 0);
  const bytes = world.disk.testBytesOf(firstSegment).fill(0, torn.offset, torn.offset + 512);
  world.disk.testPlant(firstSegment, bytes);
  assert.equal(sequencesOf((await openNoting(world)).notes), [1]);
});

it('a batch header that lies about its length is bounded by what the file holds', async () => {
  const { world, log } = await aLogOf(bodiesOf(40, 50));
  await world.run(idle(world, 80));
  const after = world.crash(1, 'kill');
  const bytes = after.disk.testBytesOf(firstSegment);
  const seed = saltSeed(decodeSegmentHeader(bytes)?.salt ?? new Uint8Array());
  const header = {
    ...{ number: 1, checksumBefore: 0, recordCount: 1, recordsBytes: 0xffff_fff0 },
    ...{ recordsChecksum: 0, sequenceFirst: 1, timeUnixMs: 1 },
  };
  encodeBatchHeader(bytes, batchesStart, header, seed, batchesStart);
  after.disk.testPlant(firstSegment, bytes);
  const { notes } = await openNoting(after);
  assert.equal(sequencesOf(notes), [1, 2]);
  assert.is(log.state.is, 'ok');
});

it.run();
