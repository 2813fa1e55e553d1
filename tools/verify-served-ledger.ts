import { NotProven } from '../src/base/not-proven.js';
import { changeRecord } from '../src/format/change-record.js';
import { ledgerBlock } from '../src/format/ledger-block.js';
import { type AuditSteps, auditBlocks } from '../src/ledger/audit.js';
import { type AuditTrust, auditPins, auditSigned } from '../src/ledger/audit-trust.js';
import { type ChainedBlock, misfitOf } from '../src/ledger/block-chain.js';
import { signersOf } from '../src/ledger/checkpoint.js';
import { keySet, keysAt } from '../src/ledger/keys.js';
import { applyChange } from '../src/ledger/map-changes.js';
import { nodeSha256 } from '../src/ledger/node-hash.js';
import { decodeNote } from '../src/ledger/note.js';
import { rootAt } from '../src/merkle/growing-tree.js';
import { ObjectMap } from '../src/merkle/object-map.js';
import { equalHashes } from '../src/merkle/rfc6962.js';
import type { LedgerReport } from '../src/store/ledger-reports.js';
import { LedgerEndpoint } from './ledger-endpoint.js';
import { PublishedLog } from './published-log.js';
import type { S3ClientOptions } from './s3-client.js';

export interface ServedLedgerOptions extends AuditTrust {
  /** Replay every change, and recompute every root. */
  readonly full: boolean;
  readonly progress: (done: number, total: number) => void;
}

const notServed = { objectCount: undefined, rebuildable: [] };

/** Audits what a running server shows of its ledger, without believing any of it. */
export async function verifyServedLedger(
  options: S3ClientOptions,
  { full, keys, pins, progress }: ServedLedgerOptions,
): Promise<LedgerReport> {
  await using endpoint = new LedgerEndpoint(options);
  const report = { origin: '', blockCount: 0, signedCount: 0, changeCount: 0, prunedCount: 0 };
  try {
    const log = await PublishedLog.open(endpoint.file);
    const { origin, size } = log.checkpoint;
    report.origin = origin;
    await auditKeysOf(endpoint, log, keys);
    const blocks: ChainedBlock[] = [];
    const hashAt = await log.check((bytes, height) => {
      const text = Buffer.from(bytes).toString('utf8');
      const block = ledgerBlock.decode(text);
      const misfit = misfitOf(block, blocks.at(-1), height);
      if (misfit !== undefined) throw new NotProven('block', misfit);
      blocks.push({ text, block });
      report.blockCount++;
    }, progress);
    auditPins(pins, origin, size, (older) => rootAt(nodeSha256, hashAt, older));
    report.signedCount = size;
    if (full) await replay(endpoint, blocks, report, progress);
    return { ...report, ...notServed, wrong: undefined };
  } catch (error) {
    if (!(error instanceof NotProven)) throw error;
    return { ...report, ...notServed, wrong: error.message };
  }
}

/** The checkpoint is signed by a key in force, and by one that leads back to those trusted. */
async function auditKeysOf(
  endpoint: LedgerEndpoint,
  { note, checkpoint: { size } }: PublishedLog,
  trusted: readonly string[],
): Promise<void> {
  const set = keySet.decode((await endpoint.get(`block/${size - 1}/keys`)).toString('utf8'));
  if (signersOf(decodeNote(note), keysAt(set, size - 1)).length === 0)
    throw new NotProven('signature', 'no key in force has signed the checkpoint');
  const begins = [...new Set(set.key.map(([, from]) => from))].filter((from) => from > 0);
  const kept: string[] = [];
  for (const height of begins.sort((a, b) => a - b)) {
    const text = await endpoint.file(`keys/${height}`);
    if (text !== undefined) kept.push(Buffer.from(text).toString('utf8'));
  }
  auditSigned(note, trusted, kept);
}

async function replay(
  endpoint: LedgerEndpoint,
  blocks: readonly ChainedBlock[],
  report: { changeCount: number; prunedCount: number },
  progress: ServedLedgerOptions['progress'],
): Promise<void> {
  const block = async (height: number): Promise<ChainedBlock> => {
    const found = blocks[height];
    if (found === undefined) throw new NotProven('block', `block ${height} is missing`);
    return found;
  };
  const pruned = await prunedMap(endpoint, blocks);
  report.prunedCount = pruned === undefined ? 0 : pruned.height + 1;
  await auditBlocks(
    {
      ...{ size: blocks.length, broken: undefined, block },
      keys: async ({ block: { height } }) =>
        (await endpoint.get(`block/${height}/keys`)).toString('utf8'),
      changes: async ({ block: { height } }) => {
        const changes: { readonly text: string }[] = [];
        for await (const text of endpoint.changes(height)) changes.push({ text });
        return changes;
      },
    },
    {
      change: () => report.changeCount++,
      block: (height) => progress(height + 1, blocks.length),
      between: async () => undefined,
      pruned,
    },
  );
}

/**
 * The map that a replay begins with where changes were pruned: those that are left make it, and the
 * block up to which they were pruned states it.
 */
async function prunedMap(
  endpoint: LedgerEndpoint,
  blocks: readonly ChainedBlock[],
): Promise<AuditSteps<never>['pruned']> {
  const map = new ObjectMap(nodeSha256);
  let count = 0;
  for await (const page of endpoint.pruned()) {
    count = page.blocks;
    for (const text of page.changes) applyChange(map, changeRecord.decode(text));
  }
  if (count === 0) return undefined;
  const height = count - 1;
  for (const _ of map.rehash());
  const [keyCount, root] = blocks[height]?.block.map ?? [];
  const isStated = root !== undefined && equalHashes(map.root(), root) && map.count === keyCount;
  if (isStated) return { map, height };
  throw new NotProven('map', `block ${height}: what pruning left does not lead to its map`);
}
