import { errnoOf } from '../base/errors.js';
import type { Disk } from '../base/host.js';
import { scrubFile, temporarySuffix } from '../format/file-names.js';
import { decodeScrubState, encodeScrubState, type ScrubState } from '../format/scrub-state.js';

/** @returns undefined where it is missing, damaged or of another store: the scrub begins anew */
export async function readScrubState(
  disk: Disk,
  storeId: Uint8Array,
): Promise<ScrubState | undefined> {
  try {
    const sizeBytes = await disk.sizeBytes(scrubFile);
    if (sizeBytes === undefined) return undefined;
    const file = await disk.open(scrubFile, 'read');
    try {
      const bytes = new Uint8Array(Math.min(sizeBytes, 4096));
      const state = decodeScrubState(bytes.subarray(0, await file.read(bytes, 0)));
      return state?.storeId.every((byte, index) => byte === storeId[index]) ? state : undefined;
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}

/** Under a temporary name first (SPEC.md §2). */
export async function writeScrubState(disk: Disk, state: ScrubState): Promise<void> {
  const temporary = scrubFile + temporarySuffix;
  if ((await disk.sizeBytes(temporary)) !== undefined) await disk.unlink(temporary);
  const file = await disk.open(temporary, 'create');
  try {
    await file.write(0, [encodeScrubState(state)]);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(temporary, scrubFile);
  await disk.syncDirectory('');
}
