import type { Bench, Figure } from './figure.js';
import { indexedStoreCost, type OpenedStoreCost } from './memory-per-object.js';
import { inWorkingDirectory } from './working-directory.js';

/** What an object costs in memory, whatever its size. */
export const memory: Bench = {
  name: 'memory',
  asks: 'bytes of memory an object beside its key, a million objects (10 million with --full)',
  run: ({ full }) => inWorkingDirectory((dir) => measure(dir, full ? 10_000_000 : 1_000_000)),
};

async function measure(dir: string, objects: number): Promise<Figure[]> {
  const cost = await indexedStoreCost(dir, objects);
  const figure = (from: string, opened: OpenedStoreCost) => ({
    ...{ bench: `memory/from-${from}`, value: opened.bytesEach, unit: 'bytes/object' },
    ...{ baseline: null, ratio: null, target: 'value <= 300' },
    note:
      `${objects} objects, keys of ${cost.keyBytesEach} bytes; opened in ` +
      `${(opened.openMs / 1000).toFixed(1)} s, a page of 1,000 listed in ` +
      `${opened.pageMs.toFixed(1)} ms, all in ${(opened.listingMs / 1000).toFixed(1)} s`,
  });
  return [figure('footers', cost.fromFooters), figure('snapshot', cost.fromSnapshot)];
}
