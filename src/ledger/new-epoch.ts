import { utf8ToBytes } from '@noble/hashes/utils.js';
import { isLogStoreError } from '../base/errors.js';
import type { Disk, Host } from '../base/host.js';
import { NotProven } from '../base/not-proven.js';
import { equalHashes, type TreeHead } from '../merkle/rfc6962.js';
import { type Checkpoint, decodeCheckpoint } from './checkpoint.js';
import { beginEpoch, type Epoch, findEpoch, newestEpoch } from './epoch.js';
import { HighWaterFile, type HighWaterPlace } from './high-water-file.js';
import { epochDirectory, hostBelow, readWhole } from './ledger-files.js';
import { LedgerLog } from './ledger-log.js';
import { nodeSha256 } from './node-hash.js';
import { decodeNote } from './note.js';
import { ownCheckpointFile } from './publisher.js';

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Begins a new log for a store whose old one cannot go on: with another origin, which follows from
 * the last checkpoint that is known of the old one. The caller holds the store's lock. Cut short,
 * it is done again from the beginning.
 */
export async function beginNewEpoch(host: Host, place: HighWaterPlace): Promise<Epoch> {
  await using marks = await HighWaterFile.open(place);
  const { number } = (await newestEpoch(host.disk)) ?? { number: 0 };
  const follows = number === 0 ? undefined : await lastCheckpoint(host, number, marks);
  // One that was begun and has not written a block yet is the new one already.
  const begun = number > 1 && follows === undefined ? await namedEpoch(host.disk) : undefined;
  const epoch = begun ?? (await beginEpoch(host, number + 1, follows));
  await marks.raise({ size: 0, root: nodeSha256() }, originHash(epoch.origin));
  return epoch;
}

/** The greatest that is known: the mark's, which outlives a restored backup, or what is there. */
async function lastCheckpoint(
  host: Host,
  number: number,
  { mark }: HighWaterFile,
): Promise<Checkpoint | undefined> {
  const below = hostBelow(host, epochDirectory(number));
  const blocks = await written(below);
  const origin = blocks?.origin ?? (await namedEpoch(host.disk))?.origin;
  if (origin === undefined) return undefined;
  const heads: (TreeHead | undefined)[] = [
    mark !== undefined && equalHashes(mark.originHash, originHash(origin)) ? mark : undefined,
    await published(below.disk, origin),
    blocks,
  ];
  let last: Checkpoint | undefined;
  for (const head of heads) {
    if (head === undefined || head.size <= (last?.size ?? 0)) continue;
    last = { origin, size: head.size, root: head.root };
  }
  return last;
}

async function published(disk: Disk, origin: string): Promise<TreeHead | undefined> {
  const bytes = await readWhole(disk, ownCheckpointFile);
  if (bytes === undefined) return undefined;
  try {
    const checkpoint = decodeCheckpoint(decodeNote(decoder.decode(bytes)).text);
    return checkpoint.origin === origin ? checkpoint : undefined;
  } catch (error) {
    if (error instanceof NotProven || error instanceof TypeError) return undefined; // damaged
    throw error;
  }
}

/** The epoch that counts, unless its name is damaged. */
async function namedEpoch(disk: Disk): Promise<Epoch | undefined> {
  try {
    return await findEpoch(disk);
  } catch (error) {
    if (isLogStoreError(error, 'RECORD_CORRUPT')) return undefined;
    throw error;
  }
}

/** What stands in the old ledger, as far as it can be read; whose it is, where there is any. */
async function written(
  host: Host,
): Promise<(TreeHead & { readonly origin: string | undefined }) | undefined> {
  try {
    await using ledger = await LedgerLog.open(host, { mode: 'read' });
    const { size, tree, last } = ledger;
    return { size, root: tree.rootAt(size), origin: last?.block.origin };
  } catch (error) {
    if (isLogStoreError(error)) return undefined;
    throw error;
  }
}

function originHash(origin: string): Uint8Array {
  return nodeSha256(utf8ToBytes(origin));
}
