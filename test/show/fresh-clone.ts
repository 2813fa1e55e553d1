import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { check, type Demonstration, inTemporaryDirectory, run, say } from './demonstration.js';
import { projectRoot } from './project-root.js';

export const freshClone: Demonstration = {
  name: 'fresh-clone',
  shows: "a clean clone starts with 'npm ci && npm start' and passes 'npm test'",
  async run() {
    await inTemporaryDirectory(async (path) => {
      const clone = join(path, 'clone');
      await run('git', ['clone', '--quiet', projectRoot, clone], path);
      await run('npm', ['ci'], clone);
      await startAndStop(clone);
      await run('npm', ['test'], clone);
    });
  },
};

async function startAndStop(clone: string): Promise<void> {
  say('npm start');
  const child = spawn('npm', ['start'], {
    cwd: clone,
    env: { ...process.env, LOGSTORE_PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true, // a group of its own: the signal goes to the server behind npm as well
  });
  const ended = once(child, 'close');
  let url: string | undefined;
  for await (const line of createInterface(child.stdout)) {
    console.log(line);
    url = /"url":"([^"]+)"/.exec(line)?.[1];
    if (url !== undefined) break;
  }
  check(url !== undefined, "'npm start' serves");
  const { status } = await fetch(`${url}/_/health/ready`);
  check(status === 200, 'it answers that it is well');
  if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
  await ended;
}
