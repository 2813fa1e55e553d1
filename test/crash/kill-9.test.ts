import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { killRounds } from './kill-9.js';

const it = suite('kill -9');

/** A longer run: `LOGSTORE_KILL_ROUNDS` in the environment, as `npm run test:kill-9` sets it. */
const roundCount = Number(process.env.LOGSTORE_KILL_ROUNDS ?? 8);
const seed = Number(process.env.LOGSTORE_TEST_SEED ?? 1);

it('faults 1, 68, 72, 75: what was acknowledged to 16 writers survives kill -9, round after round', async () => {
  const complaints: string[] = [];
  const sums = await killRounds(roundCount, seed, (what) => complaints.push(what));
  console.log(
    Object.entries(sums)
      .map(([what, count]) => `${count} ${what}`)
      .join(', '),
  );
  assert.equal(complaints, []);
  assert.is(sums.rounds, roundCount);
  assert.ok(sums.operations > roundCount, `only ${sums.operations} operations`);
});

it.run();
