import { isLogStoreError, LogStoreError } from '../base/errors.js';
import type { Host } from '../base/host.js';
import { invariant } from '../base/invariant.js';
import { NotProven } from '../base/not-proven.js';
import { corrupt } from '../format/fields.js';
import type { LedgerAnchor } from '../format/ledger-anchor.js';
import { type LedgerBlock, ledgerBlock } from '../format/ledger-block.js';
import {
  type BlockRecord,
  type ChangeEntry,
  decodeBlockMeta,
  decodeChangeEntries,
  EncodedChanges,
  encodeBlockRecord,
} from '../format/ledger-record.js';
import type { Compactor } from '../log/compactor.js';
import { openLog } from '../log/open-log.js';
import type { Pace } from '../log/pace.js';
import type { ParityCoder } from '../log/parity-coder.js';
import type { Append, LogFollower } from '../log/record-types.js';
import type { Log, OpenLogOptions } from '../log/types.js';
import { equalHashes } from '../merkle/rfc6962.js';
import { readAnchor } from './anchor-file.js';
import { misfitOf } from './block-chain.js';
import { BlockTree } from './block-tree.js';
import { nodeSha256 } from './node-hash.js';

/** A block with its place in the ledger's log. */
export interface StoredBlock extends BlockRecord {
  readonly block: LedgerBlock;
  readonly sequence: number;
}

const noSubject = new Uint8Array(8);
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The ledger's own log (SPEC.md, The ledger on disk): blocks are its commits, change records and
 * key sets its data. What follows the last block belongs to none: no block will ever name it.
 */
export class LedgerLog implements AsyncDisposable {
  readonly tree: BlockTree;
  /** Segments whose damage reads met. */
  readonly #damaged = new Set<number>();

  private constructor(
    private readonly log: Log,
    private readonly blocks: BlockFollower,
    /** Up to which height changes were pruned; undefined where none were. */
    public anchor: LedgerAnchor | undefined,
  ) {
    this.tree = blocks.tree;
    log.care.watch({ damaged: (fileId) => this.#damaged.add(fileId), ended: () => undefined });
  }

  /**
   * @param origin whose log it is to be; where that is not known, whatever its blocks say
   * @throws LogStoreError as openLog does; a damaged block is told by `broken` instead
   */
  static async open(
    host: Host,
    options: Pick<OpenLogOptions, 'mode' | 'segmentBytes' | 'warn'>,
    origin?: string,
  ): Promise<LedgerLog> {
    const blocks = new BlockFollower(origin);
    // What the store holds back for removals is there for their change records, too.
    const log = await openLog(host, { ...options, reserveBytes: 0 }, blocks);
    const anchor = await readAnchor(host.disk).catch(async (error: unknown) => {
      await log.close();
      throw error;
    });
    const ledger = new LedgerLog(log, blocks, anchor);
    if (anchor !== undefined) blocks.broken ??= ledger.#misplaced(anchor);
    return ledger;
  }

  /** The first thing wrong with the blocks. Nothing is written or signed on top of it. */
  get broken(): string | undefined {
    const { is, reason } = this.log.state;
    return this.blocks.broken ?? (is === 'failed' ? reason : undefined);
  }

  /** Blocks up to the first thing wrong. */
  get size(): number {
    return this.tree.size;
  }

  get last(): StoredBlock | undefined {
    return this.blocks.last;
  }

  /** @throws LogStoreError `RECORD_CORRUPT`, `IO` */
  async block(height: number): Promise<StoredBlock> {
    const { last } = this.blocks;
    if (last?.height === height) return last;
    const sequence = this.blocks.sequences[height];
    invariant(sequence !== undefined, 'a block that is asked for is there');
    const { payload } = await this.log.read(sequence);
    const record = decodeBlockMeta(payload.subarray(4));
    return { ...record, sequence, block: ledgerBlock.decode(record.text) };
  }

  /**
   * The changes of a block, in order.
   * @throws LogStoreError `NOT_SEALED` where they were pruned; `RECORD_CORRUPT`, `IO`
   */
  async changes({ changes, height }: BlockRecord): Promise<ChangeEntry[]> {
    if (height <= (this.anchor?.height ?? -1))
      throw new LogStoreError('NOT_SEALED', `the changes of block ${height} were pruned`);
    const entries: ChangeEntry[][] = [];
    for (let at = 0; at < changes.count; at++) {
      const { kind, payload } = await this.log.read(changes.first + at);
      if (kind !== 'data') throw corrupt(`record ${changes.first + at} of the ledger is no data`);
      entries.push(decodeChangeEntries(payload));
    }
    return entries.flat();
  }

  /** Of the changes that were pruned those that made what the map holds at the anchor. */
  async *anchored(): AsyncGenerator<ChangeEntry> {
    for (const [sequence] of this.anchor?.entries ?? []) yield* await this.#anchored(sequence);
  }

  /** Some of them: those in one record, the one of that place among the anchor's. */
  async anchoredAt(place: number): Promise<readonly ChangeEntry[]> {
    const [sequence] = this.anchor?.entries[place] ?? [];
    return sequence === undefined ? [] : await this.#anchored(sequence);
  }

  /** The one of them that has this version; undefined if there is none. */
  async anchoredChange(version: number): Promise<ChangeEntry | undefined> {
    const { anchor } = this;
    const [sequence] = anchor?.entries.findLast(([, first]) => first <= version) ?? [];
    if (anchor === undefined || sequence === undefined) return undefined;
    const [, versionEnd] = (await this.block(anchor.height)).block.versions;
    if (version >= versionEnd) return undefined;
    const line = `change/v1\nversion ${version}\n`;
    return (await this.#anchored(sequence)).find(({ text }) => text.startsWith(line));
  }

  async #anchored(sequence: number): Promise<ChangeEntry[]> {
    const { kind, payload } = await this.log.read(sequence);
    if (kind !== 'data') throw corrupt(`record ${sequence} of the ledger is no data`);
    return decodeChangeEntries(payload);
  }

  #misplaced({ origin, height, root }: LedgerAnchor): string | undefined {
    const { last, tree } = this;
    if (origin !== last?.block.origin || height >= this.size)
      return `the anchor is of block ${height} of ${origin}, which is not there`;
    const isRoot = equalHashes(tree.rootAt(height + 1), root);
    return isRoot ? undefined : `the anchor names another block ${height}`;
  }

  /** The text of the key set that a block names. */
  async keys({ keysSequence }: BlockRecord): Promise<string> {
    const { payload } = await this.log.read(keysSequence);
    return decoder.decode(payload);
  }

  /** The height of the block that seals `version`; undefined if none does yet. */
  async heightOf(version: number): Promise<number | undefined> {
    let [low, high] = [0, this.size];
    while (low < high) {
      const middle = (low + high) >> 1;
      const { block } = await this.block(middle);
      if (block.versions[1] > version) high = middle;
      else low = middle + 1;
    }
    return low < this.size ? low : undefined;
  }

  /**
   * Writes a block behind its changes; it counts as soon as it is durable, and before it is signed
   * it must be proven so by prove().
   * @param keys the text of the key set, where the block before named another
   * @throws LogStoreError `NO_SPACE`, `BUSY`: nothing of it has happened; `WRITER_FAILED`: nobody
   *   knows until the ledger is opened anew
   */
  async append(
    next: Pick<BlockRecord, 'text' | 'storeSequenceNext'> & { readonly block: LedgerBlock },
    changes: EncodedChanges,
    keys: string | undefined,
  ): Promise<void> {
    const { height, time } = next.block;
    invariant(height === this.size && this.broken === undefined, 'blocks go on top of whole ones');
    const records = changes.payloads;
    let first = 0;
    for (const [index, payload] of records.entries()) {
      const sequence = this.log.append(dataOf([payload]));
      if (index === 0) first = sequence;
    }
    const keysSequence =
      keys === undefined
        ? this.blocks.last?.keysSequence
        : this.log.append(dataOf([encoder.encode(keys)]));
    invariant(keysSequence !== undefined, 'the first block comes with its key set');
    const record: BlockRecord = {
      ...{ height, timeUnixMs: time, text: next.text, keysSequence },
      changes: { first, count: records.length },
      storeSequenceNext: next.storeSequenceNext,
    };
    const sequence = await this.#appendDurably(record);
    this.blocks.take({ ...record, sequence, block: next.block });
  }

  /** @returns its number, once it is durable; no block names it */
  async appendUnnamed(payload: Uint8Array): Promise<number> {
    await this.log.room();
    const sequence = this.log.append(dataOf([payload]));
    await this.log.settled();
    return sequence;
  }

  /** The same of changes that are kept for an anchor. */
  appendEntries(entries: readonly ChangeEntry[]): Promise<number> {
    const changes = new EncodedChanges();
    for (const entry of entries) changes.add(entry);
    return this.appendUnnamed(Buffer.concat(changes.payloads));
  }

  /**
   * Heals what reads met, and gives parity to segments that have ended (SPEC.md §13).
   * @throws LogStoreError as SegmentCare does; what is not done is done the next time
   */
  async keepUp(coder: ParityCoder, pace: Pace): Promise<void> {
    const { care } = this.log;
    for (const fileId of this.#damaged) {
      const exam = await care.examine(fileId, pace);
      if (exam !== undefined) await care.heal(exam, coder, pace);
      this.#damaged.delete(fileId);
    }
    for (let next = care.nextUnprotected(); next !== undefined; next = care.nextUnprotected()) {
      await care.protect(next, coder, pace);
    }
  }

  get compactor(): Compactor {
    const { compactor } = this.log;
    invariant(compactor !== undefined, 'a ledger that is pruned is open for writing');
    return compactor;
  }

  #appendDurably(record: BlockRecord): Promise<number> {
    return new Promise((resolve, reject) => {
      this.log.takeVersions(1);
      const sequence: number = this.log.append({
        ...{ kind: 'commit', flags: 0, subject: noSubject, removes: true },
        payload: [encodeBlockRecord(record)],
        onDurable: () => resolve(sequence),
        onFailed: reject,
      });
    });
  }

  /** Resolves when every block is proven durable. @throws LogStoreError if that fails */
  prove(): Promise<void> {
    return this.log.prove();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.log.close();
  }
}

function dataOf(payload: readonly Uint8Array[]): Append {
  return { kind: 'data', flags: 0, subject: noSubject, payload, removes: true };
}

/** Takes blocks up, one on the other, as far as each fits the one before. */
class BlockFollower implements LogFollower {
  readonly tree = new BlockTree(nodeSha256);
  /** Of the block's commit in the ledger's log, by height. */
  readonly sequences: number[] = [];
  last: StoredBlock | undefined;
  broken: string | undefined;

  constructor(private readonly origin: string | undefined) {}

  commit(sequence: number, meta: Uint8Array): void {
    if (this.broken !== undefined) return;
    try {
      const record = decodeBlockMeta(meta);
      const block = ledgerBlock.decode(record.text);
      const height = this.tree.size;
      this.broken = misfitOf(block, this.last, height);
      if (block.origin !== (this.origin ?? block.origin))
        this.broken ??= `block ${height} is of another log: ${block.origin}`;
      if (this.broken === undefined && record.height !== height)
        this.broken = `block ${height}: block ${record.height} stands in its place`;
      if (this.broken === undefined) this.take({ ...record, sequence, block });
    } catch (error) {
      const isDamage = error instanceof NotProven || isLogStoreError(error, 'RECORD_CORRUPT');
      if (!isDamage) throw error;
      this.broken = `block ${this.tree.size}: ${error.message}`;
    }
  }

  lost(sequence: number): void {
    this.broken ??= `block ${this.tree.size} is lost: record ${sequence} of the ledger is damaged`;
  }

  take(stored: StoredBlock): void {
    this.tree.append(encoder.encode(stored.text));
    this.sequences.push(stored.sequence);
    this.last = stored;
  }
}
