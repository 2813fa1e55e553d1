import { join } from 'node:path';
import type { Bench, Figure } from './figure.js';
import { fillStore } from './filled-store.js';
import { figureOf, OtherProcess } from './other-process.js';
import { alternate, compared } from './rounds.js';
import { inWorkingDirectory } from './working-directory.js';

const MiB = 1024 ** 2;

/** How soon a store with many objects serves again after a clean stop. */
export const open: Bench = {
  name: 'open',
  asks: 'opening after a clean stop, a million small objects (10 million with --full)',
  run: ({ full }) => inWorkingDirectory((dir) => measure(dir, full ? 10_000_000 : 1_000_000)),
};

async function measure(parent: string, objects: number): Promise<Figure[]> {
  const dir = join(parent, 'store');
  const segmentBytes = 128 * MiB;
  await fillStore(dir, { objects, objectBytes: 16, segmentBytes, end: 'closed' });
  let sizeBytes = 0;
  const ask = async (question: string, figure: string) => {
    await using process = OtherProcess.start('opened-store', [dir], ['--expose-gc']);
    const figures = await process.ask(question);
    await process.ask('close');
    sizeBytes = figures.sizeBytes ?? sizeBytes;
    return figureOf(figures, figure);
  };
  await ask('open', 'openMs'); // its close writes the snapshot
  const times = await alternate({
    open: () => ask('open', 'openMs'),
    read: () => ask('readSnapshot', 'readMs'),
  });
  return [
    {
      ...{ bench: 'open', unit: 'ms', ...compared(times('open'), times('read')) },
      target: 'ratio <= 3',
      note:
        `${objects} objects; reading the snapshot's ${(sizeBytes / MiB).toFixed(0)} MiB into ` +
        'fresh memory; both from the page cache, in fresh processes',
    },
  ];
}
