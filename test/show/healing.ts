import { tests } from './built-tests.js';
import type { Demonstration } from './demonstration.js';

export const lossPatterns: Demonstration = {
  name: 'loss-patterns',
  shows:
    'every loss that a code is made for is made good, 1,000 random ones of the larger codes, byte ' +
    'for byte as @subspace/reed-solomon-erasure.wasm does; one loss more is refused',
  async run() {
    await tests('property/erasure');
    await tests('unit/erasure/codec');
  },
};

export const healBits: Demonstration = {
  name: 'heal-bits',
  shows:
    'a flipped bit in a sealed segment, its footer or its parity, and a run of damage over two ' +
    'slices less a block, are read past and healed; three losses are named and nothing is written; ' +
    'every so many bytes as the argument says (499)',
  full: 'npm run test:heal',
  run: ([step = '499']) => tests('sim/heal', { LOGSTORE_HEAL_STEP: step }),
};

export const healCrashes: Demonstration = {
  name: 'heal-crashes',
  shows:
    'making parity and repairing, killed or failing at calls of the disk, loses no object; every ' +
    'so many calls as the argument says (17)',
  full: 'npm run test:heal',
  run: ([step = '17']) => tests('sim/heal-crash', { LOGSTORE_HEAL_STEP: step }),
};

export const scrubs: Demonstration = {
  name: 'scrub',
  shows: 'parity behind the writes, a scrub in its period across restarts, repair beside reads',
  run: () => tests('sim/upkeep'),
};

export const healCommands: Demonstration = {
  name: 'heal-commands',
  shows:
    'health, repair, scrub and verify on spoiled files of a real disk, and a server that heals ' +
    'what a GET meets',
  run: () => tests('e2e/heal'),
};
