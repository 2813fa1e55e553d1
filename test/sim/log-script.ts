import type { Host } from '../../src/base/host.js';
import { openLog } from '../../src/log/open-log.js';
import type { Log, OpenLogOptions } from '../../src/log/types.js';
import { LogJournal, LogNotes } from './log-journal.js';
import { SeededRandom } from './seeded-random.js';
import type { SimulatedWorld } from './simulated-host.js';

export const smallSegments = { mode: 'write', segmentBytes: 1024 ** 2 } as const;

/** Opens the log and takes down what it hands over. */
export async function openNoted(
  host: Host,
  options: Partial<OpenLogOptions> = {},
): Promise<{ log: Log; notes: LogNotes }> {
  const notes = new LogNotes();
  return { log: await openLog(host, { ...smallSegments, ...options }, notes), notes };
}

/** Opens the log, checks it against the journal, hands it to `use` and closes it. */
export async function withLog(
  host: Host,
  journal: LogJournal,
  use: (log: Log) => Promise<void>,
  options: Partial<OpenLogOptions> = {},
): Promise<void> {
  const { log, notes } = await openNoted(host, options);
  await journal.check(log, notes);
  await use(log);
  await log.close();
}

export function idle(host: Host, durationMs: number): Promise<void> {
  return new Promise((resolve) => {
    host.clock.after(durationMs, resolve);
  });
}

/** What a log goes through in its life, in few calls: two roll-overs, idle marks, closes. */
export async function wholeLife(host: Host, journal: LogJournal): Promise<void> {
  const random = new SeededRandom(7);
  const bodies = (count: number, sizeBytes: number) =>
    Array.from({ length: count }, () => random.bytes(sizeBytes));
  await withLog(host, journal, async (log) => {
    await journal.commit(log);
    await Promise.all(bodies(3, 700).map((body) => journal.commit(log, body)));
    await Promise.all(bodies(2, 200_000).map((body) => journal.data(log, body)));
    await journal.commit(log);
    await idle(host, 80);
    await journal.commit(log, random.bytes(30_000));
  });
  await withLog(host, journal, async (log) => {
    for (let round = 0; round < 2; round++) {
      await Promise.all(bodies(3, 256 * 1024).map((body) => journal.data(log, body)));
      await Promise.all(bodies(2, 60_000).map((body) => journal.commit(log, body)));
    }
    await idle(host, 80);
    await journal.commit(log);
  });
  await withLog(host, journal, async (log) => {
    await Promise.all(bodies(2, 5).map((body) => journal.commit(log, body)));
  });
}

/** What a seed makes of a log: any mixture of appends, waits, idle times and closes. */
export async function randomLife(
  world: SimulatedWorld,
  journal: LogJournal,
  seed: number,
  boundaryBytes: 512 | 4096 = 512,
): Promise<void> {
  const random = new SeededRandom(seed);
  const use = async (log: Log) => {
    const waiting: Promise<unknown>[] = [];
    for (let step = random.between(1, 25); step > 0; step--) {
      const sizeBytes = random.pick([0, 1, 100, 3_000, 16_385, 60_000]);
      if (random.chance(0.3)) {
        await log.room();
        waiting.push(journal.data(log, random.bytes(random.between(1, 256 * 1024))));
      } else if (random.chance(0.5)) waiting.push(journal.commit(log, random.bytes(sizeBytes)));
      else waiting.push(journal.commit(log));
      if (random.chance(0.4)) await log.settled();
      if (random.chance(0.1)) await idle(world, random.between(1, 120));
    }
    await Promise.all(waiting);
  };
  for (let opening = random.between(1, 3); opening > 0; opening--) {
    await withLog(world, journal, use, { boundaryBytes });
  }
}

/** A fresh journal and how it fared; `undefined` when the fault plan let everything pass. */
export async function liveUntilDeath(
  world: SimulatedWorld,
  life: (journal: LogJournal) => Promise<void>,
  journal = new LogJournal(),
): Promise<LogJournal> {
  const work = life(journal);
  try {
    await world.run(work);
  } catch (error) {
    if (!world.died) throw error;
  }
  return journal;
}
