import { tests } from './built-tests.js';
import type { Demonstration } from './demonstration.js';

export const simulator: Demonstration = {
  name: 'simulator',
  shows:
    'log and store survive a power cut or kill at every call of a simulated disk, and random ' +
    'lives of as many seeds as the argument says (100)',
  full: 'npm run test:sim',
  async run([seeds = '100']) {
    await tests('sim/log-crash', { LOGSTORE_TEST_SEEDS: seeds });
    await tests('sim/store-crash', { LOGSTORE_TEST_SEEDS: seeds });
  },
};

export const kill9: Demonstration = {
  name: 'kill-9',
  shows:
    'a store with 16 writers is killed at random moments as often as the argument says (20): ' +
    '0 lost, 0 wrong, 0 resurrected',
  full: 'npm run test:kill-9',
  run: ([rounds = '20']) => tests('crash/kill-9', { LOGSTORE_KILL_ROUNDS: rounds }),
};

export const plants: Demonstration = {
  name: 'plants',
  shows: 'mistakes planted in the source are each found by the test named for it',
  run: () => tests('plants/plants'),
};

export const cutTail: Demonstration = {
  name: 'cut-tail',
  shows: 'a log cut at each byte of its last record opens with exactly the earlier ones',
  run: () => tests('sim/faults-tail', { LOGSTORE_TEST_ONLY: 'faults 3' }),
};

export const bitFlips: Demonstration = {
  name: 'bit-flips',
  shows:
    'one bit flipped in any file of a store is never served: each is named by verify, reads ' +
    'give what was there or an error; every so many bytes as the argument says (29)',
  full: 'npm run test:flips',
  run: ([step = '29']) => tests('sim/bit-flips', { LOGSTORE_FLIP_STEP: step }),
};
