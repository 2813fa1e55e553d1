import { tests } from './built-tests.js';
import type { Demonstration } from './demonstration.js';

export const compactionCases: Demonstration = {
  name: 'compaction-cases',
  shows: 'nothing that was deleted comes back by compaction, and nothing live is lost: by name',
  run: () => tests('sim/compaction-cases'),
};

export const compactionHistories: Demonstration = {
  name: 'compaction-histories',
  shows:
    'the same over random histories with compaction at random points, beside a Map: of as many ' +
    'seeds as the argument says (200)',
  full: 'npm run test:compaction',
  run: ([seeds = '200']) => tests('sim/compaction-histories', { LOGSTORE_TEST_SEEDS: seeds }),
};

export const compactionCrashes: Demonstration = {
  name: 'compaction-crashes',
  shows: 'compaction, killed or failing at every call of the disk, in every way',
  run: () => tests('sim/compaction-crash', { LOGSTORE_TEST_SEEDS: '1' }),
};

export const fullDisk: Demonstration = {
  name: 'full-disk',
  shows:
    'on a small file system that is full: clear errors, deletes work, and after making room all ' +
    'writes work again (needs the right to mount)',
  async run() {
    await tests('e2e/full-disk');
    await tests('sim/faults-space');
  },
};
