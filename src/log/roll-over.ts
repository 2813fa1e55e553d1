import type { DiskFile, Host } from '../base/host.js';
import type { ManifestFile, Position } from '../format/manifest-frame.js';
import { ActiveSegment } from './active-segment.js';
import type { Manifest } from './manifest.js';
import { createSegment } from './segment-file.js';

/**
 * Ends the range of the open file at `position` and goes on in a new segment: the new file and its
 * name are durable first, then one manifest frame says both (SPEC.md §7).
 */
export async function rollOver(
  host: Host,
  manifest: Manifest,
  open: ManifestFile,
  end: number,
  position: Position,
): Promise<{ active: ActiveSegment; ended: ManifestFile }> {
  const { file, named } = await createNext(host, manifest, open, end, position);
  try {
    await manifest.append(
      { is: 'end', fileId: open.fileId, end, position },
      { is: 'add', file: named },
    );
  } catch (error) {
    await file.close();
    throw error;
  }
  const ended = { ...open, end, position, closed: undefined };
  return { active: new ActiveSegment(host.clock, file, named), ended };
}

/** The segment that follows `open`, durable but not yet named by the manifest. */
export async function createNext(
  host: Host,
  manifest: Manifest,
  open: ManifestFile,
  end: number,
  position: Position,
): Promise<{ file: DiskFile; named: ManifestFile }> {
  const fileId = manifest.takeFileId();
  try {
    return await createSegment(host, manifest.state.storeId, {
      ...{ fileId, first: end, boundaryBytes: open.boundaryBytes },
      ...{ batchFirst: position.batchNumber + 1, batchBeforeChecksum: position.batchChecksum },
    });
  } catch (error) {
    manifest.giveBackFileId(fileId); // the next try begins with the remains of this one
    throw error;
  }
}
