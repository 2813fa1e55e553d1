import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { temporarySuffix } from '../../src/format/file-names.js';
import type { ParityFacts } from '../../src/format/parity.js';
import { failureOf } from '../failure-of.js';
import { encode, heal, paths, readAll } from '../unit/erasure/parity-place.js';
import { SeededRandom } from './seeded-random.js';
import { ProcessDied, SimulatedWorld } from './simulated-host.js';

const it = suite('parity: crashes');
const [segmentFile, ...parityFiles] = paths;
const moments = ['before', 'during', 'after'] as const;
const segment = new SeededRandom(54).bytes(20_000);
const coveredBytes = 19_000;
const covered = segment.subarray(0, coveredBytes);

function sealedWorld(): SimulatedWorld {
  const world = new SimulatedWorld(54);
  world.disk.testPlant(segmentFile, segment);
  return world;
}

/** A group with damage in the segment and in both parity files. */
async function damagedWorld(): Promise<{ world: SimulatedWorld; facts: ParityFacts }> {
  const world = sealedWorld();
  const facts = await world.run(encode(world.disk, segment, coveredBytes));
  const damaged = world.crash(1, 'kill'); // counts its calls from 1 on again
  damaged.disk.testFlip(segmentFile, 8000, 2);
  damaged.disk.testFlip(segmentFile, 0, 7);
  for (const path of parityFiles) damaged.disk.testFlip(path, 3000, 5);
  damaged.disk.testFlip(parityFiles[1] ?? '', 20, 5);
  return { world: damaged, facts };
}

/** Of the segment what is covered: behind that, what cannot be read may become zeros. */
function bytesOf(world: SimulatedWorld): string[] {
  return paths.map((path) => encoded(path, world.disk.testBytesOf(path)));
}

function encoded(path: string, bytes: Uint8Array): string {
  const end = path === segmentFile ? coveredBytes : bytes.length;
  return Buffer.from(bytes.subarray(0, end)).toString('base64');
}

it('encoding killed at any call leaves the segment, and no parity that is not whole', async () => {
  const whole = sealedWorld();
  const facts = await whole.run(encode(whole.disk, segment, coveredBytes));
  const expected = bytesOf(whole);
  for (let number = 1; number <= whole.operationCount; number++) {
    const world = sealedWorld();
    world.faults.dieAt(number, moments[number % 3]);
    const failure = await failureOf(world.run(encode(world.disk, segment, coveredBytes)));
    assert.ok(failure instanceof ProcessDied, `call ${number}: ${failure}`);
    const after = world.crash(number);
    const named = after.disk.testPaths().filter((path) => !path.endsWith(temporarySuffix));
    for (const path of named) {
      const found = encoded(path, after.disk.testBytesOf(path));
      assert.is(found, expected[[...paths].map(String).indexOf(path)], `call ${number}, ${path}`);
    }
    assert.equal(await after.run(encode(after.disk, segment, coveredBytes)), facts);
    assert.equal(bytesOf(after), expected, `encoded again after call ${number}`);
  }
});

it('faults 54: repair killed at any call leaves each file damaged as it was, or whole', async () => {
  const { world: first, facts } = await damagedWorld();
  const damaged = bytesOf(first);
  await first.run(heal(first.disk, facts));
  const healed = bytesOf(first);
  const operationCount = first.operationCount;
  for (let number = 1; number <= operationCount; number++) {
    const { world } = await damagedWorld();
    world.faults.dieAt(number, moments[number % 3]);
    const failure = await failureOf(world.run(heal(world.disk, facts)));
    assert.ok(failure instanceof ProcessDied, `call ${number}: ${failure}`);
    const after = world.crash(number);
    for (const [index, bytes] of bytesOf(after).entries())
      assert.ok(
        bytes === damaged[index] || bytes === healed[index],
        `call ${number}, ${paths[index]}`,
      );
    assert.equal(await after.run(readAll(after.disk, facts)), Uint8Array.from(covered));
    await after.run(heal(after.disk, facts));
    assert.equal(bytesOf(after), healed, `healed after call ${number}`);
  }
});

it('faults 40: repair that fails at any call leaves what was there, and nothing half', async () => {
  const { world: first, facts } = await damagedWorld();
  const damaged = bytesOf(first);
  await first.run(heal(first.disk, facts));
  const healed = bytesOf(first);
  for (let number = 1; number <= first.operationCount; number++)
    for (const errno of ['ENOSPC', 'EIO']) {
      const { world } = await damagedWorld();
      world.faults.failAt(number, errno);
      await failureOf(world.run(heal(world.disk, facts)));
      world.faults.clear();
      for (const [index, bytes] of bytesOf(world).entries())
        assert.ok(bytes === damaged[index] || bytes === healed[index], `call ${number}, ${errno}`);
      assert.equal(await world.run(readAll(world.disk, facts)), Uint8Array.from(covered));
    }
});

it.run();
