import { errnoOf, isLogStoreError } from '../base/errors.js';
import type { Disk } from '../base/host.js';
import type { ReadableFile } from '../erasure/parity-group.js';
import { findDamage, type GroupDamage } from '../erasure/repair-group.js';
import { footerPath, parityPath, segmentPath } from '../format/file-names.js';
import type { ManifestFile } from '../format/manifest-frame.js';
import { extent, type ParityFacts } from '../format/parity.js';
import { batchesStart, segmentHeaderOffsets } from '../format/segment-header.js';
import { FooterFile } from './footer-file.js';
import type { LogFiles, ReadableSegment } from './log-files.js';
import { type Pace, paced } from './pace.js';
import type { OpenGroup } from './parity-access.js';
import type { RecordTable } from './record-table.js';
import { RestoredFile } from './restored-file.js';
import { headerProblem, readSegmentHeaders } from './segment-file.js';
import { SegmentScan } from './segment-scan.js';
import type { ByteSource } from './window-reader.js';

/**
 * `degraded`: all is there, but a footer or parity is damaged; `recoverable`: data is damaged, and
 * parity makes it good; `unrecoverable`: it does not.
 */
export type SegmentStatus = 'healthy' | 'degraded' | 'recoverable' | 'unrecoverable';

/** One thing that is wrong with a segment, its footer or its parity. */
export interface SegmentFinding {
  /** Relative to the data directory. */
  readonly file: string;
  readonly what: string;
}

/** How a segment whose range has ended was found. */
export interface SegmentExam {
  readonly fileId: number;
  /** Of the segment, relative to the data directory. */
  readonly file: string;
  readonly sizeBytes: number;
  readonly status: SegmentStatus;
  /** Whether the manifest states parity of it. */
  readonly isProtected: boolean;
  /** What is wrong; nothing with a healthy one. */
  readonly findings: readonly SegmentFinding[];
  /** Damaged on the disk, and given back by parity. */
  readonly rebuiltRecords: readonly number[];
  /** Given back by nothing. */
  readonly lostRecords: readonly number[];
  readonly remedy: Remedy;
}

/** What makes a segment healthy again. */
export interface Remedy {
  /** Blocks and heads that are to be written anew from the others. */
  readonly damage: GroupDamage | undefined;
  readonly footer: boolean;
  /** Parity is to be made anew: what there is serves no more, and the segment is whole. */
  readonly parity: boolean;
}

type Found = Omit<SegmentExam, 'fileId' | 'file' | 'sizeBytes' | 'isProtected'>;

/** Records that fail their checks, by number; and whether all else is as it must be. */
interface Readability {
  readonly damaged: readonly number[];
  readonly isWhole: boolean;
  readonly first: string | undefined;
}

/** So much is given up around a sector that cannot be read. */
const sectorBytes = 4096;

/** Reads all of a segment, its footer and its parity, and changes nothing. */
export async function examineSegment(
  disk: Disk,
  files: LogFiles,
  { named, parity }: ReadableSegment,
  pace: Pace,
): Promise<SegmentExam> {
  const { fileId, position } = named;
  const sizeBytes = position?.offset ?? batchesStart;
  const file = segmentPath(fileId);
  const facts = { fileId, file, sizeBytes, isProtected: parity !== undefined };
  if ((await disk.sizeBytes(file)) === undefined) return { ...facts, ...missing(named) };
  const footer = await readFooter(disk, files.storeId, named);
  const found =
    parity === undefined
      ? await examineAlone(disk, files.storeId, named, footer.table, pace)
      : await examineGroup(disk, files, named, parity, footer.table, pace);
  return { ...facts, ...withFooter(found, fileId, footer.problem) };
}

function missing(named: ManifestFile): Found {
  const lostRecords = denseNumbers(named);
  const remedy = { damage: undefined, footer: false, parity: false };
  const findings = [{ file: segmentPath(named.fileId), what: 'the file is missing' }];
  return { status: 'unrecoverable', findings, rebuiltRecords: [], lostRecords, remedy };
}

function withFooter(found: Found, fileId: number, what: string | undefined): Found {
  if (what === undefined) return found;
  const status = found.status === 'healthy' ? 'degraded' : found.status;
  const remedy = { ...found.remedy, footer: true };
  const findings = [...found.findings, { file: footerPath(fileId), what }];
  return { ...found, status, findings, remedy };
}

async function examineGroup(
  disk: Disk,
  files: LogFiles,
  named: ManifestFile,
  parity: ParityFacts,
  table: RecordTable | undefined,
  pace: Pace,
): Promise<Found> {
  try {
    return await files.access.use(named, parity, (open) => readGroup(open, named, table), pace);
  } catch (error) {
    if (!isLogStoreError(error, 'RECORD_CORRUPT')) throw error;
    const found = await examineAlone(disk, files.storeId, named, table, pace);
    const isWhole = found.status === 'healthy';
    const status = isWhole ? 'degraded' : found.status;
    const own = { file: parityPath(named.fileId, 0), what: error.message };
    const findings = [own, ...found.findings];
    return { ...found, status, findings, remedy: { ...found.remedy, parity: isWhole } };
  }
}

async function readGroup(
  open: OpenGroup,
  named: ManifestFile,
  table: RecordTable | undefined,
): Promise<Found> {
  const { group, codec, stripe } = open;
  const damage = await findDamage(group, codec, stripe);
  const findings = findingsOf(damage, group.facts, group.unusableFronts);
  const isData = ({ shard }: { shard: number }) => shard < group.facts.dataCount;
  const none = { rebuiltRecords: [], lostRecords: [] };
  if (!damage.healable.some(isData) && damage.lost.length === 0) {
    const isHealthy = findings.length === 0;
    const remedy = { damage: isHealthy ? undefined : damage, footer: false, parity: false };
    return { status: isHealthy ? 'healthy' : 'degraded', findings, ...none, remedy };
  }
  const rebuilt = await readability(new RestoredFile(open), named, table);
  const raw = await readability(tolerant(group.segment), named, table);
  const lost = new Set(rebuilt.damaged);
  const records = {
    rebuiltRecords: raw.damaged.filter((sequence) => !lost.has(sequence)),
    lostRecords: rebuilt.damaged,
  };
  if (damage.lost.length === 0) {
    const remedy = { damage, footer: false, parity: false };
    return { status: 'recoverable', findings, ...records, remedy };
  }
  // What is lost may be padding: then parity is made anew of what is there.
  const status = raw.isWhole ? 'degraded' : 'unrecoverable';
  const remedy = { damage: undefined, footer: false, parity: raw.isWhole };
  return { status, findings, ...records, remedy };
}

function findingsOf(
  { healable, lost }: GroupDamage,
  facts: ParityFacts,
  unusableFronts: ReadonlyMap<number, string>,
): SegmentFinding[] {
  const { fileId, dataCount, blockBytes } = facts;
  const offsets = (blocks: GroupDamage['lost']) =>
    blocks
      .filter(({ shard }) => shard < dataCount)
      .map(({ shard, block }) => extent(facts, shard).offset + block * blockBytes);
  const findings: SegmentFinding[] = [];
  const tell = (file: string, count: number, what: string) => {
    if (count === 0) return;
    findings.push({ file, what: `${count} ${count === 1 ? 'block is' : 'blocks are'} ${what}` });
  };
  const segment = segmentPath(fileId);
  const damaged = offsets(healable);
  const gone = offsets(lost);
  tell(segment, damaged.length, `damaged, the first at byte ${damaged[0]}; parity has them`);
  tell(segment, gone.length, `lost, the first at byte ${gone[0]}`);
  for (let index = 0; index < facts.parityCount; index++) {
    const file = parityPath(fileId, index);
    const front = unusableFronts.get(index);
    if (front !== undefined) findings.push({ file, what: front });
    else {
      const own = [...healable, ...lost].filter(({ shard }) => shard === dataCount + index);
      tell(file, own.length, 'damaged');
    }
  }
  return findings;
}

/** Of a segment without parity. */
async function examineAlone(
  disk: Disk,
  storeId: Uint8Array,
  named: ManifestFile,
  table: RecordTable | undefined,
  pace: Pace,
): Promise<Found> {
  const path = segmentPath(named.fileId);
  const findings: SegmentFinding[] = [];
  const file = await disk.open(path, 'read');
  try {
    const source = tolerant(paced(file, pace));
    const read = await readability(source, named, table);
    if (read.first !== undefined) findings.push({ file: path, what: read.first });
    for (const [copy, header] of (await readSegmentHeaders(source)).entries()) {
      const isDamaged = header === undefined || headerProblem(header, storeId, named);
      const what = `copy ${copy} of the header, at byte ${segmentHeaderOffsets[copy]}, is damaged`;
      if (isDamaged) findings.push({ file: path, what });
    }
    const remedy = { damage: undefined, footer: false, parity: false };
    const rest = { findings, rebuiltRecords: [], lostRecords: read.damaged, remedy };
    if (!read.isWhole) return { status: 'unrecoverable', ...rest };
    return { status: findings.length > 0 ? 'degraded' : 'healthy', ...rest };
  } finally {
    await file.close();
  }
}

async function readability(
  source: ByteSource,
  named: ManifestFile,
  table: RecordTable | undefined,
): Promise<Readability> {
  const seen = new Set<number>();
  let first: string | undefined;
  let isWhole = true;
  await new SegmentScan(source, named).proven(named.end, named.position?.offset ?? 0, {
    record: ({ header }) => void seen.add(header.sequence),
    damage: ({ what, offset }) => {
      isWhole = false;
      first ??= `damage (${what}) at byte ${offset}`;
    },
  });
  // Without damage every number is there: batches say how many they have.
  const expected = isWhole ? [] : numbersOf(named, table);
  const damaged = expected.filter((sequence) => !seen.has(sequence));
  return { damaged, isWhole, first };
}

/** Those of a rewritten segment stand in its footer alone. */
function numbersOf(named: ManifestFile, table: RecordTable | undefined): number[] {
  if (named.generation === 0) return denseNumbers(named);
  const numbers: number[] = [];
  table?.each(0, table.count, (sequence) => numbers.push(sequence));
  return numbers;
}

function denseNumbers({ first, end }: ManifestFile): number[] {
  return Array.from({ length: end - first }, (_, index) => first + index);
}

/** What a sector held that cannot be read is zeros. */
function tolerant(file: Pick<ReadableFile, 'read'>): ByteSource {
  return {
    async read(into, offset) {
      try {
        return await file.read(into, offset);
      } catch (error) {
        if (errnoOf(error) === undefined) throw error;
      }
      for (let at = 0; at < into.length; at += sectorBytes) {
        const step = into.subarray(at, at + sectorBytes);
        const count = await file.read(step, offset + at).catch((error: unknown) => {
          if (errnoOf(error) === undefined) throw error;
          step.fill(0);
          return step.length;
        });
        if (count < step.length) return at + count;
      }
      return into.length;
    },
  };
}

/** What is wrong with a footer, or its table; neither where none was written. */
async function readFooter(
  disk: Disk,
  storeId: Uint8Array,
  named: ManifestFile,
): Promise<{ problem?: string; table?: RecordTable }> {
  if (named.footer === undefined) return {};
  const footer = await FooterFile.open(disk, storeId, named);
  if (!(footer instanceof FooterFile)) return { problem: footer.unusable };
  await using held = footer;
  const table = (await held.verify()) ? await held.table() : undefined;
  return table === undefined ? { problem: 'a block is damaged' } : { table };
}
