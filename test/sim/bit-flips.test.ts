import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../src/base/errors.js';
import { batchHeaderBytes, decodeBatchHeader, saltSeed } from '../../src/format/batch.js';
import { recordHeaderBytes } from '../../src/format/record.js';
import {
  batchesStart,
  decodeSegmentHeader,
  segmentHeaderBytes,
  segmentHeaderOffsets,
} from '../../src/format/segment-header.js';
import { openStoreOn } from '../../src/store/store.js';
import { verifyStore } from '../../src/store/verify.js';
import { recordsIn } from './log-world.js';
import type { SimulatedWorld } from './simulated-host.js';
import { aSmallStore, look, type Sight, smallStoreOptions } from './small-store.js';

const it = suite('single bits flipped');

/**
 * Every `step`th checked byte outside of large payloads is flipped, and of these every
 * `step * 31`th. `LOGSTORE_FLIP_STEP=1` takes the longest.
 */
const step = Number(process.env.LOGSTORE_FLIP_STEP ?? 97);
const largePayloadBytes = 4_096;

/** The bytes of a file that a checksum covers, as far as they are proven. */
interface Checked {
  readonly path: string;
  readonly ranges: readonly { readonly start: number; readonly end: number }[];
}

function checkedBytes(world: SimulatedWorld): Checked[] {
  const paths = world.disk.testPaths().filter((path) => path !== 'lock');
  return paths.map((path) =>
    path.endsWith('.seg')
      ? { path, ranges: segmentRanges(world, path) }
      : { path, ranges: [{ start: 0, end: world.disk.testBytesOf(path).length }] },
  );
}

function segmentRanges(world: SimulatedWorld, path: string) {
  const bytes = world.disk.testBytesOf(path);
  const seed = saltSeed(decodeSegmentHeader(bytes)?.salt ?? new Uint8Array());
  const batches: { start: number; end: number }[] = [];
  for (let start = batchesStart; start < bytes.length; start += 512)
    if (decodeBatchHeader(bytes, start, seed, start) !== undefined)
      batches.push({ start, end: start + batchHeaderBytes });
  const last = batches.at(-1)?.start ?? batchesStart;
  const records = recordsIn(world, path).map(({ offset, payloadBytes }) => ({
    start: offset,
    end: offset + recordHeaderBytes + payloadBytes,
  }));
  const headers = segmentHeaderOffsets.map((start) => ({
    start,
    end: start + segmentHeaderBytes,
  }));
  // Nothing proves the last batch of an open segment.
  return [...headers, ...batches, ...records].filter(({ start }) => start < last);
}

function* offsetsOf({ ranges }: Checked): Generator<number> {
  let next = 0;
  for (const { start, end } of ranges) {
    const stride = end - start > largePayloadBytes ? step * 31 : step;
    for (next = Math.max(next % step, 0) + start; next < end; ) {
      yield next;
      // The first bytes of a large record are its header and meta.
      next += next - start < 600 ? step : stride;
    }
    next -= end;
  }
}

/** What is seen of a store with one flipped bit is what was there, or an error with a code. */
async function seesNothingWrong(world: SimulatedWorld, whole: Sight): Promise<string> {
  let refusals = 0;
  try {
    const store = await openStoreOn(world, smallStoreOptions);
    const { writer } = store.stats();
    const seen = await look(store, (what, error) => {
      refusals++;
      const codes = ['RECORD_CORRUPT', 'UNCERTAIN'] as const;
      assert.ok(isLogStoreError(error, ...codes), `${what}: ${error.code} ${error.message}`);
    });
    for (const [path, object] of seen.objects)
      assert.ok(object === whole.objects.get(path), `${path} is as it was`);
    if (writer === 'ok') assert.equal(seen.buckets, whole.buckets);
    await store.close();
    return writer === 'ok' && refusals === 0 ? 'unharmed' : 'harmed';
  } catch (error) {
    if (!isLogStoreError(error, 'STORE_DAMAGED')) throw error;
    return 'refused';
  }
}

for (const ending of ['closed', 'killed'] as const)
  it(`faults 46, 48, 49, 50: no flipped bit of a ${ending} store is served, and verify names each`, async () => {
    const world = await aSmallStore(ending);
    const base = world.crash(1, 'kill');
    const probe = base.crash(2, 'kill');
    const whole = await probe.run(
      openStoreOn(probe, smallStoreOptions).then((store) => look(store)),
    );
    assert.is([...whole.objects.values()].filter((object) => object !== null).length, 10);
    const counts = new Map<string, number>();
    for (const checked of checkedBytes(base)) {
      for (const offset of offsetsOf(checked)) {
        const flipped = base.crash(offset, 'kill');
        flipped.disk.testFlip(checked.path, offset, offset % 8);
        const message = `${ending}: ${checked.path}, byte ${offset}`;
        await named(message, async () => {
          const report = await flipped.run(verifyStore(flipped));
          const findings = report.findings.filter(
            ({ is, file }) => is === 'damage' && file === checked.path,
          );
          assert.ok(findings.length > 0, `verify names it: ${JSON.stringify(report.findings)}`);
          const outcome = await flipped.run(seesNothingWrong(flipped, whole));
          counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
        });
      }
    }
    const sums = [...counts].map(([outcome, count]) => `${count} ${outcome}`);
    console.log(`${ending}: bits flipped: ${sums.join(', ')}; 0 wrong, all named by verify`);
  });

it('faults 46: a flipped bit of padding or filler changes nothing, and is no damage', async () => {
  const base = (await aSmallStore('closed')).crash(1, 'kill');
  const probe = base.crash(2, 'kill');
  const whole = await probe.run(openStoreOn(probe, smallStoreOptions).then((store) => look(store)));
  for (const { path, ranges } of checkedBytes(base)) {
    if (!path.endsWith('.seg')) continue;
    const sorted = [...ranges].sort((a, b) => a.start - b.start);
    for (const [index, { end }] of sorted.entries()) {
      const next = sorted[index + 1]?.start ?? end;
      if (next - end < 1) continue;
      const flipped = base.crash(index, 'kill');
      flipped.disk.testFlip(path, end + ((next - end) >> 1), index % 8);
      const message = `${path}, filler behind byte ${end}`;
      await named(message, async () => {
        assert.ok((await flipped.run(verifyStore(flipped))).sound);
        assert.is(await flipped.run(seesNothingWrong(flipped, whole)), 'unharmed');
      });
    }
  }
});

async function named(message: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Error) error.message = `${message}: ${error.message}`;
    throw error;
  }
}

it.run();
