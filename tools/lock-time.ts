import { openDirectory } from './open-target.js';
import { printResult, shownTime } from './output.js';

/** Tells the time by which locks end, of a stopped store; or sets it to the wall clock's. */
export async function lockTime(options: {
  readonly dir: string;
  readonly confirm: boolean;
  readonly json: boolean;
}): Promise<void> {
  await using store = await openDirectory(options.dir, false);
  const clock = options.confirm ? await store.confirmLockClock() : await store.lockClock();
  const behind = Math.max(0, Math.round((clock.wallUnixMs - clock.lockUnixMs) / 1000));
  const text =
    `locks end by ${shownTime(clock.lockUnixMs)}; the clock of this machine says ` +
    `${shownTime(clock.wallUnixMs)}, ${behind} seconds more`;
  await printResult(options.json, clock, text);
}
