/** What compaction, scrub and health are told, and tell. */

export interface CompactionOptions {
  /** Plan only. */
  readonly dryRun?: boolean | undefined;
  /** Rewrite every segment in which anything is dead, not only those where it is worth it. */
  readonly all?: boolean | undefined;
  /** Keep to the background budget and give way to requests. */
  readonly paced?: boolean | undefined;
  readonly onProgress?: ((progress: CompactionProgress) => void) | undefined;
}

/** Bytes read and written, of those to be. */
export interface CompactionProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export interface CompactionReport {
  /** Sealed segments, the bytes of their records, and how many of these live. */
  readonly segmentCount: number;
  readonly sizeBytes: number;
  readonly liveBytes: number;
  readonly plannedSegmentCount: number;
  readonly rewrittenSegmentCount: number;
  readonly freedBytes: number;
  /** Why some of what was planned stays as it is; undefined when all was done. */
  readonly passedOver: string | undefined;
}

/** In bytes. What lives and what is dead is an estimate, exact after each compaction. */
export interface SpaceCounts {
  /** Of the log: what is live and what is dead together. */
  readonly totalBytes: number;
  readonly liveBytes: number;
  readonly deadBytes: number;
  readonly parityBytes: number;
  /** Kept free for removing and compacting. */
  readonly reserveBytes: number;
  /** On the volume, the reserve included. */
  readonly freeBytes: number;
}

export interface StoreStats {
  readonly objects: number;
  readonly buckets: number;
  readonly segments: number;
  readonly writer: 'ok' | 'failed' | 'read-only';
  readonly reason: string | undefined;
  /** How long the write under way has taken so far; 0 while there is none. */
  readonly writingMs: number;
  readonly space: SpaceCounts;
  readonly parity: ParityCounts;
  readonly scrub: ScrubProgress;
}

/** Of the segments whose ranges have ended. */
export interface ParityCounts {
  readonly ended: number;
  readonly protected: number;
  /** Found damaged, and not healed. */
  readonly unhealthy: number;
}

/** Where the scrub stands; bytes of the pass under way. */
export interface ScrubProgress {
  readonly passCount: number;
  /** Of the pass under way, or of the one to come. */
  readonly passBeganUnixMs: number;
  /** 0 before the first. */
  readonly passEndedUnixMs: number;
  /** Segments healed, by the scrub or because a read met damage. */
  readonly healedCount: number;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export interface CareOptions {
  readonly onProgress?: ((progress: CareProgress) => void) | undefined;
}

/** Bytes of the segments gone over, of all there are. */
export interface CareProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export interface HealthOptions extends CareOptions {
  /** Read everything first; otherwise what is known is told. */
  readonly check?: boolean | undefined;
}
