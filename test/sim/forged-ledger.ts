import type { Host } from '../../src/base/host.js';
import {
  type BlockRecord,
  type ChangeEntry,
  EncodedChanges,
  encodeBlockRecord,
} from '../../src/format/ledger-record.js';
import { epochDirectory, hostBelow } from '../../src/ledger/ledger-files.js';
import { LedgerLog } from '../../src/ledger/ledger-log.js';
import { openLog } from '../../src/log/open-log.js';
import type { Append } from '../../src/log/record-types.js';
import type { Log } from '../../src/log/types.js';

/** A block with all that stands before it, as whoever has the disk can write it. */
export interface ForgedBlock {
  readonly text: string;
  readonly entries: readonly ChangeEntry[];
  readonly keys: string;
  readonly record: BlockRecord;
}

/** The blocks of a closed store's ledger. */
export async function blocksOf(host: Host): Promise<ForgedBlock[]> {
  await using ledger = await LedgerLog.open(hostBelow(host, epochDirectory(1)), { mode: 'read' });
  const blocks: ForgedBlock[] = [];
  for (let height = 0; height < ledger.size; height++) {
    const record = await ledger.block(height);
    const entries = await ledger.changes(record);
    blocks.push({ text: record.text, entries, keys: await ledger.keys(record), record });
  }
  return blocks;
}

/** Puts a ledger with these blocks in the place of the one that is there, every checksum right. */
export async function writeBlocks(host: Host, blocks: readonly ForgedBlock[]): Promise<void> {
  const below = hostBelow(host, epochDirectory(1));
  for (const name of await below.disk.list('log')) await below.disk.unlink(`log/${name}`);
  for (const copy of ['manifest.a', 'manifest.b']) await below.disk.unlink(copy);
  const follower = { commit: () => undefined, lost: () => undefined };
  const log = await openLog(below, { mode: 'write', reserveBytes: 0 }, follower);
  for (const [height, { text, entries, keys, record }] of blocks.entries()) {
    const encoded = new EncodedChanges();
    for (const entry of entries) encoded.add(entry);
    const [first = 0] = encoded.payloads.map((payload) => append(log, 'data', payload));
    const keysSequence = append(log, 'data', new TextEncoder().encode(keys));
    const changes = { first, count: encoded.payloads.length };
    log.takeVersions(1);
    append(log, 'commit', encodeBlockRecord({ ...record, height, text, changes, keysSequence }));
  }
  await log.prove();
  await log.close();
}

function append(log: Log, kind: Append['kind'], payload: Uint8Array): number {
  return log.append({ kind, flags: 0, subject: new Uint8Array(8), payload: [payload] });
}
