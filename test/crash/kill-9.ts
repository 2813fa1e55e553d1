import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { nodeHost } from '../../src/host/node-host.js';
import { openStore } from '../../src/open-store.js';
import { openStoreOn } from '../../src/store/store.js';
import { SeededRandom } from '../sim/seeded-random.js';
import { type Entry, JournalOfWrites, type Verdict } from './journal-of-writes.js';
import { bucket, storeOptions } from './kill-9-store.js';

export interface KillSums {
  rounds: number;
  operations: number;
  lost: number;
  wrong: number;
  resurrected: number;
}

/** After so many rounds another directory: a store that only grows takes ever longer to check. */
const roundsPerDirectory = 20;

/**
 * Kills a store with 16 writers at random moments, again and again in the same directory, and
 * checks each time what is there against what was acknowledged.
 * @param complain told of every violation
 */
export async function killRounds(
  roundCount: number,
  seed: number,
  complain: (what: string) => void,
): Promise<KillSums> {
  const sums = { rounds: 0, operations: 0, lost: 0, wrong: 0, resurrected: 0 };
  const random = new SeededRandom(seed);
  while (sums.rounds < roundCount) {
    const dir = await mkdtemp(join(tmpdir(), 'logstore-kill-9-'));
    try {
      const rounds = Math.min(roundsPerDirectory, roundCount - sums.rounds);
      await roundsIn(dir, rounds, random, sums, complain);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  }
  return sums;
}

async function roundsIn(
  dir: string,
  roundCount: number,
  random: SeededRandom,
  sums: KillSums,
  complain: (what: string) => void,
): Promise<void> {
  const journal = new JournalOfWrites();
  {
    await using store = await openStore({ dir, ...storeOptions });
    await store.createBucket(bucket);
  }
  for (let round = 0; round < roundCount; round++) {
    const before = journal.acknowledgedCount;
    await killOnce(dir, random, journal);
    // Every other time the next child, not this process, recovers what the kill left.
    const mode = random.chance(0.5) ? 'read' : 'write';
    const verdict = await verdictOn(dir, mode, journal);
    sums.rounds++;
    sums.operations += journal.acknowledgedCount - before;
    for (const kind of ['lost', 'wrong', 'resurrected'] as const) {
      sums[kind] += verdict[kind].length;
      for (const what of verdict[kind]) complain(`round ${sums.rounds}, ${kind}: ${what}`);
    }
  }
}

async function verdictOn(
  dir: string,
  mode: 'read' | 'write',
  journal: JournalOfWrites,
): Promise<Verdict> {
  await using store = await openStoreOn(nodeHost(dir), { ...storeOptions, mode });
  const { writer, reason } = store.stats();
  const verdict = await journal.check(store, bucket);
  const expected = mode === 'write' ? 'ok' : 'read-only';
  if (writer === expected) return verdict;
  return { ...verdict, wrong: [...verdict.wrong, `the store is ${writer}: ${reason}`] };
}

/** Starts a child on the directory and kills it after a while; the journal hears all it said. */
async function killOnce(
  dir: string,
  random: SeededRandom,
  journal: JournalOfWrites,
): Promise<void> {
  const script = join(import.meta.dirname, 'kill-9-child.js');
  const args = ['--enable-source-maps', script, dir, String(random.word())];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const [whileOpening, afterMs] = [random.chance(0.1), random.between(5, 600)];
  const kill = () => {
    setTimeout(() => child.kill('SIGKILL'), whileOpening ? afterMs / 2 : afterMs);
  };
  if (whileOpening) kill();
  for await (const line of createInterface(child.stdout)) {
    const entry = wholeEntry(line);
    if (entry === undefined) continue;
    if (entry.is !== 'open') journal.note(entry);
    else if (!whileOpening) kill();
  }
  await ended;
  if (child.signalCode !== 'SIGKILL') {
    throw new Error(`the child ended by itself: ${child.exitCode ?? child.signalCode}`);
  }
}

/** The last line may be cut: what it would have told had not begun, or was not acknowledged. */
function wholeEntry(line: string): Entry | { readonly is: 'open' } | undefined {
  return line.endsWith('}') ? (JSON.parse(line) as Entry | { readonly is: 'open' }) : undefined;
}
