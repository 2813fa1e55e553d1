import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fillStore } from './filled-store.js';
import { durationMs } from './in-flight.js';
import { type Figures, figureOf, OtherProcess } from './other-process.js';

/** What a store with many small objects takes in memory, and in time to open and list. */
export interface IndexedStoreCost {
  readonly fillMs: number;
  readonly keyBytesEach: number;
  readonly fromFooters: OpenedStoreCost;
  readonly fromSnapshot: OpenedStoreCost;
}

export interface OpenedStoreCost {
  readonly openMs: number;
  /** Resident memory less that of an empty store, for each object, its key's bytes not counted. */
  readonly bytesEach: number;
  readonly rssBytes: number;
  /** A page of 1,000 by prefix, cold, and the listing of everything. */
  readonly pageMs: number;
  readonly listingMs: number;
}

const segmentBytes = 128 * 1024 ** 2;

/** Fills a store below `parent` with objects of 16 bytes, and opens it both ways. */
export async function indexedStoreCost(parent: string, objects: number): Promise<IndexedStoreCost> {
  const dir = join(parent, 'store');
  const empty = await opened(join(parent, 'empty'), 0);
  let keyBytes = 0;
  const fillMs = await durationMs(async () => {
    keyBytes = await fillStore(dir, { objects, objectBytes: 16, segmentBytes, end: 'closed' });
  });
  const cost = (figures: Figures): OpenedStoreCost => {
    const rssBytes = figureOf(figures, 'rssBytes');
    const grownBytes = rssBytes - figureOf(empty, 'rssBytes');
    return {
      ...{ openMs: figureOf(figures, 'openMs'), rssBytes },
      bytesEach: (grownBytes - keyBytes) / objects,
      ...{ pageMs: figureOf(figures, 'pageMs'), listingMs: figureOf(figures, 'listingMs') },
    };
  };
  await rm(join(dir, 'index.snapshot'), { force: true });
  const fromFooters = cost(await opened(dir, objects));
  const fromSnapshot = cost(await opened(dir, objects)); // that the close before has written
  return { fillMs, keyBytesEach: keyBytes / objects, fromFooters, fromSnapshot };
}

async function opened(dir: string, objects: number): Promise<Figures> {
  await using process = OtherProcess.start('opened-store', [dir], ['--expose-gc']);
  const figures = await process.ask('open');
  if (figureOf(figures, 'objects') !== objects) throw new Error(`it does not hold ${objects}`);
  const listed = objects === 0 ? {} : await process.ask('list');
  if (objects > 0 && figureOf(listed, 'listed') !== objects) throw new Error('it lists others');
  await process.ask('close');
  return { ...figures, ...listed };
}
