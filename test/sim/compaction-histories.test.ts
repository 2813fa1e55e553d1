import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CompactionHistory } from './compaction-history.js';
import { forEachSeed, seeds } from './seeded-random.js';

const it = suite('compaction: histories');

it('faults 63, 64, 65, 68: nothing deleted comes back and nothing live is lost, whatever happens beside compaction', async () => {
  let compactionCount = 0;
  await forEachSeed(seeds(40), async (seed) => {
    const history = new CompactionHistory(seed);
    await history.live(40);
    compactionCount += history.compactionCount;
  });
  assert.ok(compactionCount > 0);
});

it.run();
