/** What the planner knows of one ended segment. */
export interface SegmentLife {
  readonly fileId: number;
  /** Of its records, without header and padding. */
  readonly sizeBytes: number;
  readonly liveBytes: number;
}

export interface CompactionPolicy {
  /** Segments in which at least this part is dead are rewritten. */
  readonly deadRatioMin: number;
  /** What one rewritten segment may hold. */
  readonly segmentBytes: number;
  /** Rewrite whatever has anything dead. */
  readonly all: boolean;
}

/** Segments smaller than this part of a full one are worth joining. */
const smallRatio = 1 / 4;
/** So many small ones in a row are joined even where nothing in them is dead. */
const smallRunMin = 4;

/**
 * Groups of adjoining segments to be rewritten into one each, in order of their numbers, so that
 * what a removal removed is gone before the removal is judged.
 * @param segments all ended ones, in order
 */
export function planCompaction(
  segments: readonly SegmentLife[],
  policy: CompactionPolicy,
): readonly (readonly number[])[] {
  const groups: number[][] = [];
  let run: SegmentLife[] = [];
  const end = () => {
    if (isWorthIt(run, policy)) groups.push(run.map(({ fileId }) => fileId));
    run = [];
  };
  for (const segment of segments) {
    const live = run.reduce((sum, { liveBytes }) => sum + liveBytes, segment.liveBytes);
    const fits = live <= policy.segmentBytes;
    if (!isCandidate(segment, policy) || !fits) end();
    if (isCandidate(segment, policy)) run.push(segment);
  }
  end();
  return groups;
}

function isCandidate(segment: SegmentLife, policy: CompactionPolicy): boolean {
  return isSparse(segment, policy) || isSmall(segment, policy);
}

function isSparse({ sizeBytes, liveBytes }: SegmentLife, policy: CompactionPolicy): boolean {
  const deadBytes = sizeBytes - liveBytes;
  if (policy.all) return deadBytes > 0;
  return sizeBytes > 0 && deadBytes / sizeBytes >= policy.deadRatioMin;
}

function isSmall({ sizeBytes }: SegmentLife, { segmentBytes }: CompactionPolicy): boolean {
  return sizeBytes < smallRatio * segmentBytes;
}

function isWorthIt(run: readonly SegmentLife[], policy: CompactionPolicy): boolean {
  return run.some((segment) => isSparse(segment, policy)) || run.length >= smallRunMin;
}
