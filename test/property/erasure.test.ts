import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openCodec } from '../../src/erasure/open-codec.js';
import { newStripes } from '../../src/erasure/stripe.js';
import { parityShape, storedBytes } from '../../src/format/parity.js';
import { SeededRandom } from '../sim/seeded-random.js';
import { MemoryDisk } from '../unit/erasure/memory-disk.js';
import { encode, heal, paths, readAll } from '../unit/erasure/parity-place.js';

const it = suite('property: erasure');
const codecs = [openCodec('simd'), openCodec('plain')];

it('any k shards of any code give all the others', () => {
  const anyLoss = fc.tuple(
    fc.integer({ min: 1, max: 40 }),
    fc.integer({ min: 1, max: 8 }),
    fc.integer({ min: 1, max: 100 }),
    fc.integer(),
  );
  fc.assert(
    fc.property(anyLoss, ([dataCount, parityCount, rowBytes, seed]) => {
      const random = new SeededRandom(seed);
      const plan = { code: { dataCount, parityCount }, rowBytes, stripeCount: 1 };
      const lost = new Set<number>();
      while (lost.size < parityCount) lost.add(random.below(dataCount + parityCount));
      const made = codecs.map((codec) => {
        const [stripe] = newStripes(plan);
        if (stripe === undefined) throw new Error('one stripe was asked for');
        const data = new SeededRandom(seed);
        for (const row of stripe.rows.slice(0, dataCount)) row.set(data.bytes(rowBytes));
        codec.encode(stripe);
        const rows = stripe.rows.map((row) => row.slice());
        for (const row of lost) stripe.rows[row]?.fill(0xee);
        codec.reconstruct(stripe, [...lost]);
        for (const [index, row] of stripe.rows.entries())
          assert.equal(row, rows[index], `${codec.kind}, row ${index}`);
        return rows;
      });
      assert.equal(made[0], made[1], 'with SIMD and without, parity is the same');
    }),
    { numRuns: 200 },
  );
});

it('blocks as stored add up to what a group covers, for any size', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 24 }), (coveredBytes) => {
      const shape = parityShape(coveredBytes);
      let sum = 0;
      for (let shard = 0; shard < shape.dataCount; shard++)
        for (let block = 0; block < shape.sliceBytes / shape.blockBytes; block++)
          sum += storedBytes(shape, shard, block);
      assert.is(sum, coveredBytes);
    }),
  );
});

it('a segment of any size heals from any damage in at most two places of each row', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 8192, max: 200_000 }), fc.integer(), async (size, seed) => {
      const random = new SeededRandom(seed);
      const disk = new MemoryDisk();
      const segment = random.bytes(size);
      disk.files.set(paths[0], { bytes: segment.slice() });
      const facts = await encode(disk, segment);
      const originals = paths.map((path) => disk.files.get(path)?.bytes.slice());
      for (let block = 0; block < facts.sliceBytes / facts.blockBytes; block++)
        for (let count = random.below(3); count > 0; count--) {
          const shard = random.below(16);
          const length = storedBytes(facts, shard, block);
          const at = shard * facts.sliceBytes + block * facts.blockBytes + random.below(length);
          const bytes = disk.files.get(paths[0])?.bytes;
          if (length > 0 && bytes !== undefined) bytes[at] = ~(bytes[at] ?? 0);
        }
      assert.is(Buffer.compare(await readAll(disk, facts), segment), 0);
      await heal(disk, facts);
      assert.equal(
        paths.map((path) => disk.files.get(path)?.bytes),
        originals,
      );
    }),
    { numRuns: 40 },
  );
});

it.run();
