import { compactionCases, compactionCrashes, compactionHistories, fullDisk } from './compaction.js';
import { authorisation, clients, operations, pagers, race } from './conformance.js';
import { bitFlips, cutTail, kill9, plants, simulator } from './crashes.js';
import type { Demonstration } from './demonstration.js';
import { freshClone } from './fresh-clone.js';
import { healBits, healCommands, healCrashes, lossPatterns, scrubs } from './healing.js';
import {
  browser,
  operatorsGames,
  otherVerifiers,
  prunedLedgers,
  sealingCrashes,
} from './ledger.js';
import { memory } from './memory.js';
import { overwrite } from './overwrite.js';
import { packageInstall } from './package-install.js';
import { proofs } from './proofs.js';
import { realTree } from './real-tree.js';
import { rebuildIndex } from './rebuild-index.js';
import { secondServer } from './second-server.js';
import { tenMillion } from './ten-million.js';

/** Everything that `npm run show` lists, in this order. */
export const demonstrations: readonly Demonstration[] = [
  freshClone,
  packageInstall,
  realTree,
  secondServer,
  simulator,
  kill9,
  plants,
  cutTail,
  bitFlips,
  compactionCases,
  compactionHistories,
  compactionCrashes,
  fullDisk,
  lossPatterns,
  healBits,
  healCrashes,
  scrubs,
  healCommands,
  rebuildIndex,
  overwrite,
  clients,
  operations,
  authorisation,
  pagers,
  race,
  memory,
  tenMillion,
  proofs,
  otherVerifiers,
  operatorsGames,
  sealingCrashes,
  prunedLedgers,
  browser,
];
