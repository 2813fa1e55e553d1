import { isLogStoreError, LogStoreError } from '../base/errors.js';
import type { Host } from '../base/host.js';
import { NotProven } from '../base/not-proven.js';
import type { Change } from '../format/change-record.js';
import type { ChangeEntry } from '../format/ledger-record.js';
import { auditBlocks, auditPublished } from '../ledger/audit.js';
import { type AuditTrust, auditPins, auditSigned } from '../ledger/audit-trust.js';
import { mayGoOn } from '../ledger/checkpoint-signing.js';
import { findEpoch } from '../ledger/epoch.js';
import type { HighWater } from '../ledger/high-water.js';
import { type HighWaterPlace, readHighWater } from '../ledger/high-water-file.js';
import { keySet } from '../ledger/keys.js';
import { epochDirectory, hostBelow, keptKeysDirectory, readWhole } from '../ledger/ledger-files.js';
import { LedgerLog, type StoredBlock } from '../ledger/ledger-log.js';
import { isSoundMap } from '../ledger/map-snapshot.js';
import { checkpointFile } from '../ledger/publisher.js';
import { anchoredMap, snapshotOf } from '../ledger/restore-map.js';
import { auditContent, type LivePlaces, notePlaces } from './audit-content.js';

export interface LedgerReport {
  readonly origin: string;
  readonly blockCount: number;
  readonly signedCount: number;
  readonly changeCount: number;
  /** Blocks whose changes were pruned, where the others were replayed from what that left. */
  readonly prunedCount: number;
  /** Objects whose content was read and hashed; undefined unless that was asked for. */
  readonly objectCount: number | undefined;
  /**
   * Files of what is published that are not there, or not as they follow from the blocks. Nothing
   * is lost: a start makes them again, a full tile (without `.p`) once it was removed.
   */
  readonly rebuildable: readonly string[];
  /** The first thing that is wrong, in words. */
  readonly wrong: string | undefined;
}

export interface VerifyLedgerOptions {
  /** Replay every change, recompute every root, and hash all content. */
  readonly full: boolean;
  readonly highWater: HighWaterPlace;
  readonly keys?: AuditTrust['keys'] | undefined;
  readonly pins?: AuditTrust['pins'] | undefined;
  /** Blocks done, of all. */
  readonly progress?: ((done: number, total: number) => void) | undefined;
}

/** A ledger open for reading, without a lock; for tools. */
export interface ReadableLedger extends AsyncDisposable {
  readonly origin: string;
  readonly host: Host;
  readonly ledger: LedgerLog;
}

/** @throws LogStoreError `NO_LEDGER`, `STORE_DAMAGED` */
export async function readLedger(host: Host): Promise<ReadableLedger> {
  const epoch = await findEpoch(host.disk);
  if (epoch === undefined) throw new LogStoreError('NO_LEDGER', 'this store has no ledger');
  const below = hostBelow(host, epochDirectory(epoch.number));
  const ledger = await LedgerLog.open(below, { mode: 'read' }, epoch.origin);
  const dispose = () => ledger[Symbol.asyncDispose]();
  return { origin: epoch.origin, host: below, ledger, [Symbol.asyncDispose]: dispose };
}

/**
 * Audits the ledger of a store: changes nothing, takes no lock.
 * @throws LogStoreError `NO_LEDGER`; what is wrong with a ledger is reported instead
 */
export async function verifyLedger(
  host: Host,
  options: VerifyLedgerOptions,
): Promise<LedgerReport> {
  const report = { origin: '', blockCount: 0, signedCount: 0, changeCount: 0, prunedCount: 0 };
  let objectCount: number | undefined;
  let rebuildable: readonly string[] = [];
  try {
    const signed = await signedBefore(host, options.highWater);
    await using opened = await readLedger(host);
    const { ledger, origin } = opened;
    report.origin = origin;
    report.blockCount = ledger.size;
    if (options.full) {
      const live: LivePlaces = new Map();
      const between = async () => undefined;
      const note = (change: Change, entry: ChangeEntry) => notePlaces(live, change, entry);
      const pruned = await anchoredMap(ledger, between, note);
      report.prunedCount = pruned === undefined ? 0 : pruned.height + 1;
      const map = await auditBlocks<StoredBlock, ChangeEntry>(ledger, {
        change: (change, entry) => {
          report.changeCount++;
          note(change, entry);
        },
        block: (height) => options.progress?.(height + 1, ledger.size),
        ...{ between, pruned },
      });
      await auditSnapshot(opened);
      objectCount = await auditContent(host, map, live, ledger.last?.storeSequenceNext ?? 1);
    }
    if (ledger.broken !== undefined) throw new NotProven('block', ledger.broken);
    const { checkpoint, rebuildable: files } = await auditPublished(
      opened.host.disk,
      ledger,
      signed.note,
    );
    report.signedCount = checkpoint?.size ?? 0;
    rebuildable = files;
    const note = checkpoint === undefined ? undefined : signed.note;
    await auditKeysThere(opened, note, options.keys ?? []);
    auditPins(options.pins ?? [], origin, ledger.size, (size) => ledger.tree.rootAt(size));
    auditMark(signed.mark, origin, ledger);
    return { ...report, objectCount, rebuildable, wrong: undefined };
  } catch (error) {
    const isDamage = isLogStoreError(error, 'RECORD_CORRUPT', 'STORE_DAMAGED', 'UNCERTAIN');
    if (!isDamage && !(error instanceof NotProven)) throw error;
    return { ...report, objectCount, rebuildable, wrong: error.message };
  }
}

/**
 * What says how much was signed. It is read before the blocks are: the store may be open, and what
 * it has signed when they are read is there by then.
 */
async function signedBefore(host: Host, place: HighWaterPlace) {
  const mark = await readHighWater(place);
  const epoch = await findEpoch(host.disk);
  if (epoch === undefined) return { mark, note: undefined };
  const { disk } = hostBelow(host, epochDirectory(epoch.number));
  return { mark, note: await readWhole(disk, checkpointFile) };
}

/** The published checkpoint leads back to keys that are trusted, through the key sets kept. */
async function auditKeysThere(
  { host: { disk }, ledger }: ReadableLedger,
  note: Uint8Array | undefined,
  keys: readonly string[],
): Promise<void> {
  if (keys.length === 0) return;
  if (note === undefined || ledger.last === undefined)
    throw new NotProven('signature', 'nothing is signed');
  const kept: string[] = [];
  const { key } = keySet.decode(await ledger.keys(ledger.last));
  for (const height of key.map(([, from]) => from)) {
    const text = await readWhole(disk, `${keptKeysDirectory}/${height}`);
    if (text !== undefined) kept.push(Buffer.from(text).toString('utf8'));
  }
  auditSigned(Buffer.from(note).toString('utf8'), keys, kept);
}

/** The map that the next start begins with is no other than its leaves make. */
async function auditSnapshot({ host, ledger }: ReadableLedger): Promise<void> {
  const between = async () => undefined;
  const found = await snapshotOf(host.disk, ledger, between);
  if (found === undefined || (await isSoundMap(found, between))) return;
  throw new NotProven(
    'map',
    `the map kept of block ${found.height} has hashes that are not its own`,
  );
}

/** Whether these are all the blocks that were ever signed. */
function auditMark(mark: HighWater | undefined, origin: string, ledger: LedgerLog): void {
  const permission = mayGoOn(mark, origin, ledger.tree);
  if (!permission.maySign) throw new NotProven('consistency', permission.because);
}
