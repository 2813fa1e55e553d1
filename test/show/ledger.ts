import { tests } from './built-tests.js';
import type { Demonstration } from './demonstration.js';

export const otherVerifiers: Demonstration = {
  name: 'other-verifiers',
  shows:
    'checkpoints and proofs pass @sigstore/verify and @transmute/rfc9162, tampered ones neither ' +
    'them nor ours; roots are recomputed from tiles that a server gave',
  async run() {
    await tests('unit/ledger/other-verifiers');
    await tests('e2e/ledger-http');
  },
};

export const operatorsGames: Demonstration = {
  name: 'operators-games',
  shows:
    'an operator who rewrites, hides, denies, truncates, forks or rolls back is caught by the ' +
    'check that SPEC.md names; a ledger that was tampered with is named by `ledger verify`',
  async run() {
    await tests('unit/ledger/operators-game');
    await tests('sim/faults-ledger');
    await tests('e2e/ledger-commands');
  },
};

export const sealingCrashes: Demonstration = {
  name: 'sealing-crashes',
  shows:
    'sealing, killed or failing at calls of the disk, never signs two blocks of one height; as ' +
    'many of 16 calls as the argument says (1)',
  full: 'npm run show -- sealing-crashes 16',
  run: ([seeds = '1']) => tests('sim/sealing-crash', { LOGSTORE_TEST_SEEDS: seeds }),
};

export const prunedLedgers: Demonstration = {
  name: 'pruned-ledgers',
  shows: 'a full audit passes after many compactions and a prune',
  async run() {
    await tests('sim/compacted-audit');
    await tests('sim/sealed-compaction');
    await tests('unit/ledger/prune');
  },
};

export const browser: Demonstration = {
  name: 'browser',
  shows: 'a page in a headless Chromium checks a proof with the shipped verifier',
  run: () => tests('e2e/browser'),
};
