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
