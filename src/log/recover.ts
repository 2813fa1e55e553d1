import type { Host } from '../base/host.js';
import { invariant } from '../base/invariant.js';
import { limits } from '../base/limits.js';
import { segmentPath } from '../format/file-names.js';
import type { ManifestEdit, ManifestFile, Position } from '../format/manifest-frame.js';
import { recordBytes } from '../format/record.js';
import { ActiveSegment, type Numbered } from './active-segment.js';
import type { Manifest } from './manifest.js';
import { createNext } from './roll-over.js';

/**
 * Takes over a log that was not closed (SPEC.md §7, Tear): the unbroken run above the last proven
 * record is copied into a new segment, synced and proven by a marking batch; only then one
 * manifest frame ends the old range and names the new file. Cut short anywhere, the next recovery
 * finds what this one found.
 */
export async function recoverTail(
  host: Host,
  manifest: Manifest,
  open: ManifestFile,
  end: number,
  position: Position,
  tail: readonly Numbered[],
): Promise<{ active: ActiveSegment; ended: ManifestFile | undefined }> {
  const { file, named } = await createNext(host, manifest, open, end, position);
  const active = new ActiveSegment(host.clock, file, named);
  const edits: ManifestEdit[] = [
    { is: 'end', fileId: open.fileId, end, position },
    { is: 'add', file: named },
  ];
  // A file without a record of its own is no evidence of anything: a store that starts often
  // would collect them.
  const empty = end === open.first && tail.length === 0;
  if (empty) edits.push({ is: 'remove', fileId: open.fileId });
  try {
    await copyInto(active, tail, end + tail.length);
    await manifest.append(...edits);
  } catch (error) {
    await active.close();
    throw error;
  }
  // What stays for a failure is an orphan: the next opening removes it (SPEC.md §5).
  if (empty) await host.disk.unlink(segmentPath(open.fileId)).catch(() => undefined);
  const ended = { ...open, end, position, closed: undefined };
  return { active, ended: empty ? undefined : ended };
}

/** Durable and proven when it resolves; nothing names the segment yet. */
async function copyInto(
  active: ActiveSegment,
  tail: readonly Numbered[],
  sequenceNext: number,
): Promise<void> {
  // No zeros ahead: a start must need no more room than what it takes over.
  for (const batch of batches(tail)) await active.write(batch, sequenceNext, 0);
  await active.write([], sequenceNext, 0);
}

function* batches(records: readonly Numbered[]): Generator<readonly Numbered[]> {
  let [from, sizeBytes] = [0, 0];
  for (const [index, record] of records.entries()) {
    const next = recordBytes(record.payloadBytes);
    const full = index - from === limits.batchRecordsMax || sizeBytes + next > limits.batchBytesMax;
    if (full) {
      invariant(index > from, 'any record fits a batch');
      yield records.slice(from, index);
      [from, sizeBytes] = [index, 0];
    }
    sizeBytes += next;
  }
  if (from < records.length) yield records.slice(from);
}
