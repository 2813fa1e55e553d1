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
  /**
   * The emptiest first, until no more than this part of the whole is dead: whatever waits is
   * cheaper later. With 0 nothing waits.
   */
  readonly deadRatioLeft: number;
  /** What one plan may read and write: what dies meanwhile makes the next one cheaper. */
  readonly workBytes: number;
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
/** What one group reads, in full segments: its space comes back when all of it is rewritten. */
const groupReadsMax = 8;
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
  const ratioMin = Math.max(policy.deadRatioMin, ratioThatLeaves(segments, policy));
  for (const [index, segment] of segments.entries()) {
    const sparse = isSparse(segment, { ...policy, deadRatioMin: ratioMin }, index >= youngFrom);
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

/** The ratio of the last segment that goes: then little enough is dead, or enough is done. */
function ratioThatLeaves(
  segments: readonly SegmentLife[],
  { deadRatioLeft, workBytes }: CompactionPolicy,
): number {
  let [deadBytes, liveBytes, doneBytes] = [0, 0, 0];
  for (const segment of segments) {
    liveBytes += segment.liveBytes;
    deadBytes += segment.sizeBytes - segment.liveBytes;
  }
  const emptiest = segments.toSorted((a, b) => deadRatioOf(b) - deadRatioOf(a));
  for (const segment of emptiest) {
    deadBytes -= segment.sizeBytes - segment.liveBytes;
    doneBytes += 2 * segment.liveBytes;
    if (doneBytes >= workBytes) return deadRatioOf(segment);
    if (deadBytes <= deadRatioLeft * (deadBytes + liveBytes)) return deadRatioOf(segment);
  }
  return 0;
}

function deadRatioOf({ sizeBytes, liveBytes }: SegmentLife): number {
  return sizeBytes === 0 ? 0 : (sizeBytes - liveBytes) / sizeBytes;
}

function isSparse(
  segment: SegmentLife,
  { all, deadRatioMin }: CompactionPolicy,
  isYoung: boolean,
): boolean {
  const ratio = deadRatioOf(segment);
  if (all) return ratio > 0;
  return ratio > 0 && ratio >= (isYoung ? Math.max(youngDeadRatioMin, deadRatioMin) : deadRatioMin);
}

function isSmall({ sizeBytes }: SegmentLife, { segmentBytes }: CompactionPolicy): boolean {
  return sizeBytes < smallRatio * segmentBytes;
}

function fit(run: readonly SegmentLife[], { segmentBytes, roomBytes }: CompactionPolicy): boolean {
  const liveBytes = sum(run, 'liveBytes');
  const read = run.filter((segment) => segment.liveBytes > 0); // of the others no more than footers
  const isJoinable =
    liveBytes <= segmentBytes &&
    sum(read, 'sizeBytes') <= groupReadsMax * segmentBytes &&
    sum(run, 'numberCount') < numberCountMax;
  return liveBytes <= roomBytes && (isJoinable || run.length === 1);
}

function sum(run: readonly SegmentLife[], what: 'liveBytes' | 'numberCount' | 'sizeBytes'): number {
  return run.reduce((total, segment) => total + segment[what], 0);
}
