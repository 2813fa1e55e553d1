import { errnoOf } from '../base/errors.js';
import type { Disk, DiskFile } from '../base/host.js';
import { align } from '../format/byte-order.js';
import { checksum } from '../format/checksum.js';
import { footerPath, logDirectory, temporarySuffix } from '../format/file-names.js';
import {
  decodeFooterEntryHead,
  decodeFooterHead,
  encodeFooterHead,
  type FooterHead,
  footerBlockBytes,
  footerChecksum,
  footerEntryBytes,
  footerEntryHeadBytes,
  footerHeadBytes,
  footerLayout,
} from '../format/footer.js';
import type { ManifestFile } from '../format/manifest-frame.js';
import { betweenCommits, type CommitsArea, RecordTable } from './record-table.js';
import { WindowReader } from './window-reader.js';

/**
 * Writes the footer of a segment whose range has ended, under a temporary name first
 * (SPEC.md §2, §6).
 * @returns what the manifest keeps of it
 */
export async function writeFooter(
  disk: Disk,
  storeId: Uint8Array,
  file: ManifestFile,
  table: RecordTable,
  commits: CommitsArea,
): Promise<{ bytes: number; checksum: number }> {
  const head: FooterHead = {
    ...{ storeId, fileId: file.fileId, generation: file.generation, salt: file.salt },
    ...{ first: file.first, end: file.end, recordCount: table.count },
    ...{ commitsBytes: commits.sizeBytes, commitCount: commits.count },
    recordsEndOffset: table.endOffset,
  };
  const layout = footerLayout(head);
  const start = new Uint8Array(layout.commitsStart);
  start.set(encodeFooterHead(head));
  start.set(bytesOf(table.units), footerHeadBytes);
  if (file.generation > 0) start.set(bytesOf(table.numbers), footerHeadBytes + 4 * table.count);
  const parts = [start, ...commits.chunks()];
  const blocks = blockChecksums(parts, layout.blockCount);
  const end = new Uint8Array(4);
  new DataView(end.buffer).setUint32(0, footerChecksum(blocks), true);

  const path = footerPath(file.fileId);
  await writeDurably(disk, path, [...parts, blocks, end]);
  return { bytes: layout.sizeBytes, checksum: footerChecksum(blocks) };
}

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

async function writeDurably(disk: Disk, path: string, parts: Uint8Array[]): Promise<void> {
  const temporary = path + temporarySuffix;
  if ((await disk.sizeBytes(temporary)) !== undefined) await disk.unlink(temporary);
  const file = await disk.open(temporary, 'create');
  try {
    await file.write(0, parts);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(temporary, path);
  await disk.syncDirectory(logDirectory);
}

/** Checksum of each 64 KiB block of the concatenated parts, as the footer stores them. */
function blockChecksums(parts: readonly Uint8Array[], blockCount: number): Uint8Array {
  const sums = new Uint8Array(4 * blockCount);
  const view = new DataView(sums.buffer);
  let [block, filled, sum] = [0, 0, 0];
  for (const part of parts) {
    for (let at = 0; at < part.length; ) {
      const take = Math.min(footerBlockBytes - filled, part.length - at);
      sum = checksum(part.subarray(at, at + take), sum);
      at += take;
      filled += take;
      if (filled === footerBlockBytes) {
        view.setUint32(4 * block++, sum, true);
        [filled, sum] = [0, 0];
      }
    }
  }
  if (filled > 0) view.setUint32(4 * block, sum, true);
  return sums;
}

/** An open footer whose head and checksums fit the manifest. Owns its file. */
export class FooterFile implements AsyncDisposable {
  private constructor(
    private readonly file: DiskFile,
    readonly head: FooterHead,
    private readonly sums: Uint8Array,
  ) {}

  /** @returns the open footer, or the reason why it cannot serve; never throws for bad content */
  static async open(
    disk: Disk,
    storeId: Uint8Array,
    expected: ManifestFile,
  ): Promise<FooterFile | { unusable: string }> {
    const path = footerPath(expected.fileId);
    if (expected.footer === undefined) return { unusable: 'not written yet' };
    if ((await disk.sizeBytes(path)) !== expected.footer.bytes) {
      return { unusable: 'missing, or not of the size that the manifest states' };
    }
    let file: DiskFile | undefined;
    try {
      file = await disk.open(path, 'read');
      const opened = await FooterFile.#check(file, storeId, expected, expected.footer);
      if (!(opened instanceof FooterFile)) await file.close();
      return opened;
    } catch (error) {
      await file?.close();
      if (errnoOf(error) === undefined) throw error;
      return { unusable: `it cannot be read (${errnoOf(error)})` };
    }
  }

  static async #check(
    file: DiskFile,
    storeId: Uint8Array,
    expected: ManifestFile,
    footer: { readonly bytes: number; readonly checksum: number },
  ): Promise<FooterFile | { unusable: string }> {
    const start = new Uint8Array(footerHeadBytes);
    await file.read(start, 0);
    const head = decodeFooterHead(start);
    if (head === undefined) return { unusable: 'its head is damaged' };
    const same =
      head.fileId === expected.fileId &&
      head.generation === expected.generation &&
      head.first === expected.first &&
      head.end === expected.end &&
      equal(head.salt, expected.salt) &&
      equal(head.storeId, storeId);
    const layout = footerLayout(head);
    if (!same || layout.sizeBytes !== footer.bytes) return { unusable: 'of another segment' };
    const sums = new Uint8Array(4 * layout.blockCount + 4);
    if ((await file.read(sums, layout.blocksEnd)) !== sums.length) return { unusable: 'cut short' };
    const blocks = sums.subarray(0, 4 * layout.blockCount);
    const stored = new DataView(sums.buffer).getUint32(4 * layout.blockCount, true);
    if (stored !== footer.checksum || stored !== footerChecksum(blocks)) {
      return { unusable: 'its checksums are damaged' };
    }
    return new FooterFile(file, head, blocks);
  }

  /** The record table, verified; undefined if a block of it is damaged. */
  async table(): Promise<RecordTable | undefined> {
    const { tableEnd } = footerLayout(this.head);
    const bytes = await this.#verifiedBlocks(0, tableEnd);
    if (bytes === undefined) return undefined;
    const words = new Uint32Array(bytes.slice(footerHeadBytes, tableEnd).buffer);
    const { first, recordCount, recordsEndOffset, generation } = this.head;
    const units = words.subarray(0, recordCount);
    const numbers = generation > 0 ? words.subarray(recordCount) : undefined;
    return new RecordTable(first, { units, numbers, endOffset: recordsEndOffset });
  }

  /** Whether every block is whole. */
  async verify(): Promise<boolean> {
    const { blocksEnd } = footerLayout(this.head);
    const stepBytes = 32 * footerBlockBytes;
    for (let at = 0; at < blocksEnd; at += stepBytes) {
      const end = Math.min(at + stepBytes, blocksEnd);
      if ((await this.#verifiedBlocks(at, end)) === undefined) return false;
    }
    return true;
  }

  /** Visits each commit from number `from` on; only after `verify` held. */
  async commits(
    from: number,
    visit: (sequence: number, meta: Uint8Array, flags: number) => void,
    between?: () => Promise<void>,
  ): Promise<void> {
    let count = 0;
    const { commitsStart, blocksEnd } = footerLayout(this.head);
    const areaBytes = blocksEnd - commitsStart;
    const window = new WindowReader(this.file, Math.min(areaBytes, 4 * 1024 ** 2));
    for (let at = commitsStart; at < blocksEnd; ) {
      if (!window.holds(at, footerEntryHeadBytes)) await window.load(at, footerEntryHeadBytes);
      const entry = decodeFooterEntryHead(window.bytes, at - window.start);
      const sizeBytes = footerEntryBytes(entry.metaBytes);
      if (!window.holds(at, sizeBytes)) await window.load(at, sizeBytes);
      const start = at - window.start + footerEntryHeadBytes;
      if (entry.sequence >= from) {
        const meta = window.bytes.subarray(start, start + entry.metaBytes);
        visit(entry.sequence, meta, entry.flags);
      }
      at += sizeBytes;
      if (++count % betweenCommits === 0) await between?.();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.file.close();
  }

  /** A sector that the disk cannot read is damage like any other: the segment has it all. */
  async #readOrNothing(into: Uint8Array, offset: number): Promise<number> {
    try {
      return await this.file.read(into, offset);
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return 0;
    }
  }

  /** The whole blocks that cover `[0 or a block's start, end)`; undefined if one is damaged. */
  async #verifiedBlocks(start: number, end: number): Promise<Uint8Array | undefined> {
    const { blocksEnd } = footerLayout(this.head);
    const bytes = new Uint8Array(Math.min(align(end, footerBlockBytes), blocksEnd) - start);
    if ((await this.#readOrNothing(bytes, start)) !== bytes.length) return undefined;
    const view = new DataView(this.sums.buffer, this.sums.byteOffset, this.sums.length);
    for (let at = 0; at < bytes.length; at += footerBlockBytes) {
      const block = bytes.subarray(at, at + footerBlockBytes);
      const index = (start + at) / footerBlockBytes;
      if (view.getUint32(4 * index, true) !== checksum(block)) return undefined;
    }
    return bytes;
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
