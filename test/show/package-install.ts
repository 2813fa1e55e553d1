import { type Demonstration, run } from './demonstration.js';
import { projectRoot } from './project-root.js';

export const packageInstall: Demonstration = {
  name: 'package',
  shows: 'the packed package, installed into an empty folder, serves and can be embedded',
  async run() {
    await run(process.execPath, ['dist/test/e2e/package.test.js'], projectRoot);
  },
};
