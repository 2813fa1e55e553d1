/** What the planner knows of one ended segment. */
export interface SegmentLife {
  readonly fileId: number;
  /** Of its records, without header and padding. */
  readonly sizeBytes: number;
  readonly liveBytes: number;
  /** Of its range; what is in between counts. */
  readonly numberCount: number;
}

export interface CompactionPolicy {
  /** Segments in which at least this part is dead are rewritten. */
  readonly deadRatioMin: number;
  /** What one rewritten segment may hold. */
  readonly segmentBytes: number;
  /** What there is room to write before anything is freed. */
  readonly roomBytes: number;
  /** So many of the newest wait until half of them is dead: what was written last dies first. */
  readonly youngCount: number;
  /** Rewrite whatever has anything dead. */
  readonly all: boolean;
}

/** Segments smaller than this part of a full one are worth joining. */
const smallRatio = 1 / 4;
/** So many small ones in a row are joined even where nothing in them is dead. */
const smallRunMin = 4;
const youngDeadRatioMin = 1 / 2;
/** A table keeps its numbers, less the first one, in 32 bits. */
const numberCountMax = 2 ** 32;

/**
 * Groups of adjoining segments to be rewritten into one each, in order of their numbers, so that
 * what a removal removed is gone before the removal is judged.
 * @param segments all ended ones, in order
 */
export function planCompaction(
  segments: readonly SegmentLife[],
  policy: CompactionPolicy,
): readonly (readonly SegmentLife[])[] {
  const groups: (readonly SegmentLife[])[] = [];
  let run: SegmentLife[] = [];
  let [isWorthIt, smallCount] = [false, 0];
  const end = () => {
    if (isWorthIt || smallCount >= smallRunMin) groups.push(run);
    [run, isWorthIt, smallCount] = [[], false, 0];
  };
  const youngFrom = segments.length - policy.youngCount;
  for (const [index, segment] of segments.entries()) {
    const sparse = isSparse(segment, policy, index >= youngFrom);
    const isCandidate = (sparse || isSmall(segment, policy)) && fit([segment], policy);
    if (!isCandidate || !fit([...run, segment], policy)) end();
    if (!isCandidate) continue;
    run.push(segment);
    isWorthIt ||= sparse;
    if (!sparse) smallCount++;
  }
  end();
  return groups;
}

function isSparse(
  { sizeBytes, liveBytes }: SegmentLife,
  { all, deadRatioMin }: CompactionPolicy,
  isYoung: boolean,
): boolean {
  const deadBytes = sizeBytes - liveBytes;
  if (all) return deadBytes > 0;
  const ratioMin = isYoung ? Math.max(youngDeadRatioMin, deadRatioMin) : deadRatioMin;
  return sizeBytes > 0 && deadBytes / sizeBytes >= ratioMin;
}

function isSmall({ sizeBytes }: SegmentLife, { segmentBytes }: CompactionPolicy): boolean {
  return sizeBytes < smallRatio * segmentBytes;
}

function fit(run: readonly SegmentLife[], { segmentBytes, roomBytes }: CompactionPolicy): boolean {
  const liveBytes = sum(run, 'liveBytes');
  const isJoinable = liveBytes <= segmentBytes && sum(run, 'numberCount') < numberCountMax;
  return liveBytes <= roomBytes && (isJoinable || run.length === 1);
}

function sum(run: readonly SegmentLife[], what: 'liveBytes' | 'numberCount'): number {
  return run.reduce((total, segment) => total + segment[what], 0);
}
