import type { Between, Compactor, VisitCommit } from '../log/compactor.js';
import type { Log } from '../log/types.js';

/** What is read, and how. */
export interface CommitReading {
  /** Segments that end at or below it are passed over; asked before each. */
  from(): number;
  readonly visit: VisitCommit;
  readonly between: Between;
}

/**
 * Visits the durable commits of the log, segment by segment, for whoever is told of those that
 * come later.
 * @returns the end of the log when the last of them was asked for: while the log still ends there,
 *   these were all. Undefined where another segment was begun meanwhile: they were not.
 */
export async function readCommits(
  log: Pick<Log, 'position'>,
  compactor: Compactor,
  { from, visit, between }: CommitReading,
): Promise<number | undefined> {
  const segments = compactor.segments();
  const ends = new Map(segments.map(({ fileId, end }) => [fileId, end]));
  const openFileId = segments.at(-1)?.fileId;
  let readTo: number | undefined;
  for (const { fileId, follow } of await compactor.sources(between)) {
    const end = fileId === undefined ? Infinity : (ends.get(fileId) ?? Infinity);
    if (end <= from()) continue;
    const isOpen = fileId === undefined && compactor.segments().at(-1)?.fileId === openFileId;
    readTo = isOpen ? log.position().sequence : undefined;
    await follow(visit);
  }
  return readTo;
}
