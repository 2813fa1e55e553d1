import { join } from 'node:path';
import { logstore, Served } from '../e2e/logstore-process.js';
import { check, type Demonstration, inTemporaryDirectory, say } from './demonstration.js';

export const secondServer: Demonstration = {
  name: 'second-server',
  shows: 'a second server on the same store is refused and names the first, which goes on',
  async run() {
    await inTemporaryDirectory(async (path) => {
      const dir = join(path, 'store');
      await using first = await Served.start(['--dir', dir]);
      say(`the first serves at ${first.url}, its process is ${first.pid}`);
      const second = await logstore(['serve', '--dir', dir, '--port', '0']);
      say(`the second says: ${second.stderr.trim()}`);
      check(second.code === 3, 'it ends with exit code 3');
      check(second.stderr.includes(String(first.pid)), 'it names the process that has the store');
      const { status } = await fetch(`${first.url}/_/health/ready`);
      check(status === 200, 'the first goes on');
      first.child.kill('SIGKILL');
      await first.ended;
      await using third = await Served.start(['--dir', dir]);
      check(third.url !== '', 'after kill -9 of the first, the next takes over at once');
    });
  },
};
