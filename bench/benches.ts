import { compaction } from './compaction.bench.js';
import { encryptedPut, lockedPut, versionedPut } from './configured-put.bench.js';
import { embeddedGet } from './embedded-get.bench.js';
import { embeddedPut } from './embedded-put.bench.js';
import { erasure } from './erasure.bench.js';
import type { Bench } from './figure.js';
import { heal } from './heal.bench.js';
import { httpGet64m, httpPut64m } from './http-large.bench.js';
import { httpGet4k, httpPut4k } from './http-small.bench.js';
import { ledger } from './ledger.bench.js';
import { memory } from './memory.bench.js';
import { open } from './open.bench.js';
import { parity } from './parity.bench.js';
import { judgedPut } from './policy.bench.js';
import { replay } from './replay.bench.js';
import { sealedPut, sealing } from './sealing.bench.js';

/** Everything that `npm run bench` runs, in this order. */
export const benches: readonly Bench[] = [
  embeddedPut,
  embeddedGet,
  httpPut4k,
  httpGet4k,
  httpPut64m,
  httpGet64m,
  encryptedPut,
  versionedPut,
  lockedPut,
  judgedPut,
  erasure,
  parity,
  heal,
  compaction,
  replay,
  open,
  memory,
  ledger,
  sealing,
  sealedPut,
];
