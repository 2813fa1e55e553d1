import { tests } from './built-tests.js';
import type { Demonstration } from './demonstration.js';

export const pagers: Demonstration = {
  name: 'pagers',
  shows:
    'each pager of the SDK shows every key, version, upload and part once, in order: of so many ' +
    'keys (60000), with folded prefixes, delete markers and odd names',
  full: 'npm run show -- pagers [KEYS]',
  run: ([keys = '60000']) => tests('e2e/pagers', { LOGSTORE_PAGER_KEYS: keys }),
};

export const race: Demonstration = {
  name: 'race',
  shows:
    'of 64 clients that race for a key, by If-None-Match or If-Match, over a delete marker too, ' +
    'exactly one wins; in so many rounds (1000), every tenth killed with kill -9',
  full: 'npm run show -- race [ROUNDS]',
  run: ([rounds = '1000']) => tests('e2e/conditional-race', { LOGSTORE_RACE_ROUNDS: rounds }),
};

export const clients: Demonstration = {
  name: 'clients',
  shows: 'the clients that are installed make their round trips at their defaults',
  run: () => tests('e2e/clients'),
};

export const operations: Demonstration = {
  name: 'operations',
  shows: 'every operation that is served: done, denied, malformed, and of what is not there',
  run: () => tests('conformance/s3-operations'),
};

export const authorisation: Demonstration = {
  name: 'authorisation',
  shows: 'every operation, each way to sign, each flaw; each operation with and without its right',
  async run() {
    await tests('conformance/s3-authorisation');
    await tests('conformance/s3-rights');
  },
};
