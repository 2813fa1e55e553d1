import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryDirectory } from '../unit/host/temporary-directory.js';
import { Arena, raceRounds } from './conditional-race.js';

const races = suite('races of conditional writes');

/** `npm run show -- race` asks for 1,000. */
const roundCount = Number(process.env.LOGSTORE_RACE_ROUNDS ?? 60);
const killEvery = 10;

races('of 64 clients exactly one wins, also over a kill -9', async () => {
  using directory = temporaryDirectory();
  await using arena = await Arena.open(directory.path);
  const { rounds, kills, untold } = await raceRounds(arena, roundCount, killEvery);
  console.log(`${rounds} rounds of 64, ${kills} killed; in ${untold} nobody was told of a winner`);
  assert.is(rounds, roundCount);
  assert.is(kills, Math.floor(roundCount / killEvery));
  assert.ok(untold <= kills);
});

races.run();
