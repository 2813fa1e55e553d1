import { LogStoreError } from '../base/errors.js';
import type { Host } from '../base/host.js';
import { lockFile } from '../format/file-names.js';
import { Manifest } from './manifest.js';
import { openLog } from './open-log.js';

/**
 * Logs the decision to give up lost commits (SPEC.md §7): the store then opens for writing again,
 * without what they said.
 * @param sequences numbers of records, each of which must be lost
 * @throws LogStoreError `INVALID_ARGUMENT` if one is not lost; `LOCKED`, `NOT_A_STORE`
 */
export async function acceptLoss(
  host: Host,
  sequences: readonly number[],
  holder: string,
): Promise<void> {
  const lock = await host.disk.lock(lockFile, holder);
  try {
    const lost = await lostCommits(host);
    const whole = sequences.filter((sequence) => !lost.has(sequence));
    if (whole.length > 0 || sequences.length === 0) {
      const named = lost.size === 0 ? 'none is' : `these are: ${[...lost].join(', ')}`;
      const message = `not lost: record ${whole.join(', ')} (${named})`;
      throw new LogStoreError('INVALID_ARGUMENT', message);
    }
    await using manifest = await Manifest.open(host.disk, host.clock);
    if (manifest === undefined) throw new LogStoreError('NOT_A_STORE', 'there is no store here');
    await manifest.append(
      ...sequences.map((sequence) => ({ is: 'lossAccepted', sequence }) as const),
    );
  } finally {
    await lock.release();
  }
}

/** The durable commits that cannot be read and are not given up yet. */
export async function lostCommits(host: Host): Promise<Set<number>> {
  const lost = new Set<number>();
  const follower = { commit: () => undefined, lost: (sequence: number) => lost.add(sequence) };
  await using _log = await openLog(host, { mode: 'read' }, follower);
  return lost;
}
