import { type Demonstration, run } from './demonstration.js';
import { projectRoot } from './project-root.js';

export const pagers: Demonstration = {
  name: 'pagers',
  shows:
    'each pager of the SDK shows every key, version, upload and part once, in order: of so many ' +
    'keys (60000), with folded prefixes, delete markers and odd names',
  full: 'npm run show -- pagers [KEYS]',
  run: ([keys = '60000']) =>
    run(process.execPath, ['--enable-source-maps', 'dist/test/e2e/pagers.test.js'], projectRoot, {
      ...process.env,
      LOGSTORE_PAGER_KEYS: keys,
    }),
};

export const race: Demonstration = {
  name: 'race',
  shows:
    'of 64 clients that race for a key, by If-None-Match or If-Match, over a delete marker too, ' +
    'exactly one wins; in so many rounds (1000), every tenth killed with kill -9',
  full: 'npm run show -- race [ROUNDS]',
  run: ([rounds = '1000']) =>
    run(process.execPath, ['dist/test/e2e/conditional-race.test.js'], projectRoot, {
      ...process.env,
      LOGSTORE_RACE_ROUNDS: rounds,
    }),
};
