import type { ReadableFile } from '../erasure/parity-group.js';

/** Told of bytes read and written; waits for as long as the budget asks, and gives way. */
export type Pace = (bytes: number) => Promise<void>;

/** A file for reading that keeps to a budget. */
export function paced(file: ReadableFile, pace: Pace): ReadableFile {
  return {
    async read(into, offset) {
      await pace(into.length);
      return file.read(into, offset);
    },
    sizeBytes: () => file.sizeBytes(),
  };
}
