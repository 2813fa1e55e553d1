import { errnoOf, LogStoreError } from '../base/errors.js';
import type { Host } from '../base/host.js';
import { invariant } from '../base/invariant.js';
import { setU32 } from '../format/byte-order.js';
import { footerPath, segmentPath } from '../format/file-names.js';
import { footerStubFlag } from '../format/footer.js';
import type { ManifestFile } from '../format/manifest-frame.js';
import { recordBytes, subjectBytes, subjectOf } from '../format/record.js';
import { freeSpent } from '../memory/spent-memory.js';
import { ActiveSegment, type Numbered } from './active-segment.js';
import { FooterFile, writeFooter } from './footer-file.js';
import type { LogFiles } from './log-files.js';
import type { Manifest } from './manifest.js';
import type { Pace } from './pace.js';
import { RecordTable } from './record-table.js';
import { createSegment, spaceErrors } from './segment-file.js';
import { knownKind } from './segment-replay.js';
import { type ScannedRecord, SegmentScan, scannedPayload } from './segment-scan.js';

/** What becomes of a commit or a stub: as it is, as a stub with this payload, or nothing. */
export type Verdict = 'keep' | 'drop' | { readonly stub: Uint8Array };

/** Decides over records, in order of their numbers; what it says must hold until the swap. */
export interface RewriteJudge {
  keepsData(sequence: number): boolean;
  /** @param payload of a commit or a stub, valid during the call */
  verdict(sequence: number, payload: Uint8Array, isStub: boolean): Verdict;
  /** Whether no data record and no commit of this file is kept. */
  isAllDead(fileId: number): boolean;
  /** After so much written a sync: often, where others sync as well, so that none takes long. */
  readonly syncBytes: number;
}

export interface Rewritten {
  /** As the manifest is to state it. */
  readonly named: ManifestFile;
  readonly table: RecordTable;
}

const batchBytes = 4 * 1024 ** 2;
const noSubject = new Uint8Array(subjectBytes);

/**
 * Writes what lives of adjoining, ended segments into a new one, with its footer, both durable
 * under their names. The manifest is not touched: until its swap the new files are orphans.
 * Numbers, payloads and the payloads' checksums are carried over as they are.
 * @throws LogStoreError `RECORD_CORRUPT` if anything in them is damaged, `NO_SPACE`; nothing stays
 */
export async function rewriteSegments(
  host: Host,
  files: LogFiles,
  manifest: Manifest,
  olds: readonly ManifestFile[],
  judge: RewriteJudge,
  pace: Pace,
): Promise<Rewritten> {
  const [oldest, newest] = [olds[0], olds[olds.length - 1]];
  invariant(oldest !== undefined && newest?.position !== undefined, 'there is an ended segment');
  const { storeId } = manifest.state;
  const fileId = manifest.takeFileId();
  try {
    const { file, named: begun } = await createSegment(host, storeId, {
      ...{ fileId, first: oldest.first, batchFirst: 1 },
      ...{ boundaryBytes: oldest.boundaryBytes, batchBeforeChecksum: 0 },
      generation: Math.max(...olds.map((old) => old.generation)) + 1,
    });
    const table = RecordTable.sparse(oldest.first);
    const active = new ActiveSegment(host.clock, file, begun, table);
    const output = new RewriteOutput(active, newest.end, judge.syncBytes);
    try {
      for (const old of olds) {
        const rewrite = new SegmentRewrite(output, old, judge, pace);
        if (judge.isAllDead(old.fileId) && (await rewrite.fromFooter(host, storeId))) continue;
        await files.use(old, async (file) => {
          const scan = new SegmentScan(file, old);
          await scan.proven(old.end, old.position?.offset ?? 0, rewrite);
          await rewrite.flush();
          scan.release();
        });
      }
      await output.finish();
    } finally {
      await output.settled();
      await active.close();
    }
    const position = active.position(newest.position.versionNext);
    const ended = { ...begun, end: newest.end, position };
    const footer = await writeFooter(host.disk, storeId, ended, table, active.commits);
    return { named: { ...ended, footer }, table };
  } catch (error) {
    return await abandonRewrite(host, manifest, { fileId }, error);
  }
}

/**
 * Removes what no manifest names; what is left behind for a failure here, the next opening does.
 * @throws LogStoreError why it was given up: `NO_SPACE`, `IO` for what the system says
 */
export async function abandonRewrite(
  { disk }: Host,
  manifest: Manifest,
  { fileId }: Pick<ManifestFile, 'fileId'>,
  why: unknown,
): Promise<never> {
  for (const path of [segmentPath(fileId), `${footerPath(fileId)}.tmp`, footerPath(fileId)]) {
    await disk.unlink(path).catch(() => undefined);
  }
  manifest.giveBackFileId(fileId);
  const errno = errnoOf(why);
  if (errno === undefined) throw why;
  const code = spaceErrors.has(errno) ? 'NO_SPACE' : 'IO';
  throw new LogStoreError(code, `compaction was given up: ${errno}`, { cause: why });
}

/** The new segment: one batch is written while the next is gathered. */
class RewriteOutput {
  #writing: Promise<void> = Promise.resolve();
  #unsyncedBytes = 0;

  constructor(
    private readonly active: ActiveSegment,
    private readonly end: number,
    private readonly syncBytes: number,
  ) {}

  /** Resolves when the batch before is written; a failure comes with the next call. */
  async write(batch: readonly Numbered[], sizeBytes: number): Promise<void> {
    await this.#writing;
    this.#unsyncedBytes += sizeBytes;
    const durably = this.#unsyncedBytes >= this.syncBytes;
    if (durably) this.#unsyncedBytes = 0;
    this.#writing = this.active.write(batch, this.end, 0, durably).then(() => {
      for (const { append } of batch) append.payload.forEach(freeSpent);
    });
    this.#writing.catch(() => undefined); // told to whoever comes next
  }

  /** Resolves when all is durable. */
  async finish(): Promise<void> {
    await this.#writing;
    await this.active.sync();
  }

  /** Resolves when nothing is under way, whatever came of it. */
  async settled(): Promise<void> {
    await this.#writing.catch(() => undefined);
  }
}

/** One old segment on its way into the new one. */
class SegmentRewrite {
  #batch: Numbered[] = [];
  #batchBytes = 0;
  #readBytes = 0;
  #damage: string | undefined;

  constructor(
    private readonly output: RewriteOutput,
    private readonly old: ManifestFile,
    private readonly judge: RewriteJudge,
    private readonly pace: Pace,
  ) {}

  /**
   * Takes the removals over from the footer, where nothing else is kept: the dead bytes need not
   * be read, nor be whole.
   * @returns false, and nothing was done, if the footer does not serve
   */
  async fromFooter({ disk }: Host, storeId: Uint8Array): Promise<boolean> {
    const footer = await FooterFile.open(disk, storeId, this.old);
    if (!(footer instanceof FooterFile)) return false;
    await using held = footer;
    if (!(await held.verify())) return false;
    const visit = (sequence: number, meta: Uint8Array, flags: number) => {
      const payload = new Uint8Array(4 + meta.length);
      setU32(payload, 0, meta.length);
      payload.set(meta, 4);
      this.#readBytes += recordBytes(payload.length);
      const verdict = this.judge.verdict(sequence, payload, (flags & footerStubFlag) !== 0);
      if (verdict === 'drop') return;
      this.#stub(sequence, verdict === 'keep' ? payload : verdict.stub);
    };
    await held.commits(1, visit, () => this.between());
    await this.flush();
    return true;
  }

  record(record: ScannedRecord): void {
    const { header } = record;
    const kind = knownKind(header);
    const payload = scannedPayload(record);
    this.#readBytes += recordBytes(header.payloadBytes);
    if (kind === 'data') {
      if (this.judge.keepsData(header.sequence)) this.#keep(record, payload);
      return;
    }
    const verdict = this.judge.verdict(header.sequence, payload, kind === 'stub');
    if (verdict === 'keep') this.#keep(record, payload);
    else if (verdict !== 'drop') this.#stub(header.sequence, verdict.stub);
  }

  damage({ what, offset }: { what: string; offset: number }): void {
    this.#damage ??= `${what} at byte ${offset} of ${segmentPath(this.old.fileId)}`;
  }

  between(): Promise<void> {
    this.#throwDamage();
    if (this.#batchBytes >= batchBytes || this.#readBytes >= batchBytes) return this.flush();
    return this.pace(0);
  }

  async flush(): Promise<void> {
    this.#throwDamage();
    const [batch, written, read] = [this.#batch, this.#batchBytes, this.#readBytes];
    [this.#batch, this.#batchBytes, this.#readBytes] = [[], 0, 0];
    if (batch.length > 0) await this.output.write(batch, written);
    await this.pace(read + written);
  }

  /** Damage is repaired first: what cannot be read now may be healed from parity later. */
  #throwDamage(): void {
    if (this.#damage === undefined) return;
    throw new LogStoreError('RECORD_CORRUPT', `not compacted: ${this.#damage}`);
  }

  #keep(record: ScannedRecord, payload: Uint8Array): void {
    const { header } = record;
    const { flags, payloadChecksum, sequence, payloadBytes } = header;
    const subject = subjectOf(record.bytes, record.headerStart);
    const kind = knownKind(header);
    const append = { kind, flags, subject, payloadChecksum, payload: [payload.slice()] };
    this.#push({ append, sequence, payloadBytes, versionNext: 0 });
  }

  #stub(sequence: number, payload: Uint8Array): void {
    const append = { kind: 'stub', flags: 0, subject: noSubject, payload: [payload] } as const;
    this.#push({ append, sequence, payloadBytes: payload.length, versionNext: 0 });
  }

  #push(record: Numbered): void {
    this.#batch.push(record);
    this.#batchBytes += recordBytes(record.payloadBytes);
  }
}
