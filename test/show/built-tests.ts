import { run } from './demonstration.js';
import { projectRoot } from './project-root.js';

/** Runs a test file of the built project, with what its longer run is called in the environment. */
export function tests(file: string, env: NodeJS.ProcessEnv = {}): Promise<void> {
  const argv = ['--enable-source-maps', `dist/test/${file}.test.js`];
  return run(process.execPath, argv, projectRoot, { ...process.env, ...env });
}
