import { LogStoreError } from '../base/errors.js';
import type { Disk, Host } from '../base/host.js';
import { lockFile } from '../format/file-names.js';
import type { ManifestState } from '../format/manifest-frame.js';
import { LogFiles } from './log-files.js';
import { Manifest, readManifest } from './manifest.js';
import { ParityCoder } from './parity-coder.js';
import { type EndedFacts, SegmentCare } from './segment-care.js';
import type { SegmentExam } from './segment-exam.js';

/** What is told of one segment after another; the bytes are those of its file. */
export interface CareWatcher {
  examined(exam: SegmentExam, sizeBytes: number, totalBytes: number): void;
}

const unpaced = () => Promise.resolve();

/**
 * Examines the ended segments of a store that may be open elsewhere, or not open at all. Takes no
 * lock and changes nothing; nothing is examined where there is no manifest.
 */
export async function examineStore(
  disk: Disk,
  wanted: (segment: EndedFacts) => boolean,
  watcher?: CareWatcher,
): Promise<SegmentExam[]> {
  const state = await readManifest(disk);
  if (state === undefined) return [];
  await using files = filesOf(disk, state);
  const care = new SegmentCare(disk, files, undefined);
  const segments = care.segments().filter(wanted);
  const totalBytes = segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const exams: SegmentExam[] = [];
  for (const { fileId, sizeBytes } of segments) {
    const exam = await care.examine(fileId, unpaced);
    if (exam === undefined) continue;
    exams.push(exam);
    watcher?.examined(exam, sizeBytes, totalBytes);
  }
  return exams;
}

/**
 * Heals the segments of a stopped store as far as parity goes. The log is not opened for that: also
 * a store that would open for reading only is healed. Of a segment that has lost something no file
 * is touched.
 * @returns each segment as it was found, and whether it was made healthy
 * @throws LogStoreError `LOCKED`, `NOT_A_STORE`, `STORE_DAMAGED`, `IO`, `NO_SPACE`
 */
export async function healStopped(
  host: Host,
  holder: string,
  watcher: CareWatcher,
): Promise<{ readonly exam: SegmentExam; readonly isHealed: boolean }[]> {
  const { disk, clock } = host;
  const lock = await disk.lock(lockFile, holder);
  try {
    await using manifest = await Manifest.open(disk, clock);
    if (manifest === undefined) throw new LogStoreError('NOT_A_STORE', 'there is no store here');
    await using files = filesOf(disk, manifest.state);
    await using coder = new ParityCoder('thread');
    const care = new SegmentCare(disk, files, manifest);
    const segments = care.segments();
    const totalBytes = segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const results: { exam: SegmentExam; isHealed: boolean }[] = [];
    for (const { fileId, sizeBytes } of segments) {
      const exam = await care.examine(fileId, unpaced);
      if (exam === undefined) continue;
      const isHealed = exam.status !== 'healthy' && (await care.heal(exam, coder, unpaced));
      results.push({ exam, isHealed });
      watcher.examined(exam, sizeBytes, totalBytes);
    }
    return results;
  } finally {
    await lock.release();
  }
}

function filesOf(disk: Disk, { storeId, files, parityGroups }: ManifestState): LogFiles {
  const all = new LogFiles(disk, storeId);
  for (const file of files) {
    const group = parityGroups.find(({ fileId }) => fileId === file.fileId);
    all.add(file, undefined, group);
  }
  return all;
}
