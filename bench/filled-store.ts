import { figureOf, OtherProcess } from './other-process.js';

export interface Filling {
  readonly objects: number;
  readonly objectBytes: number;
  readonly segmentBytes: number;
  /** How the process that fills it ends. */
  readonly end: 'closed' | 'killed';
}

/** Makes a store with so many objects. @returns the bytes of all their keys */
export async function fillStore(
  dir: string,
  { objects, objectBytes, segmentBytes, end }: Filling,
): Promise<number> {
  await using filler = OtherProcess.start('fill-log', [
    ...[dir, String(objects), String(objectBytes), String(segmentBytes)],
  ]);
  const filled = await filler.ask('fill');
  if (end === 'closed') await filler.ask('close');
  return figureOf(filled, 'keyBytes');
}
