import type { LogBatch } from './log-delivery.js';
import type { LoggedBucket } from './logged-request.js';

const MiB = 1024 ** 2;
export const logBatchBounds = Object.freeze({
  objectBytesMax: MiB, // then an object is put at once
  sourceBytesMax: 4 * MiB, // of one bucket, in memory
  totalBytesMax: 32 * MiB, // of all of them
});
const dayMs = 86_400_000;

interface Gathered extends LogBatch {
  readonly lines: string[];
  sizeBytes: number;
}

/** Lines that wait to be put, by bucket. What exceeds their bounds is dropped, and counted. */
export class LogBatches {
  /** Those that lines are added to, by the bucket that they are of. */
  readonly #open = new Map<string, Gathered>();
  /** Those that have ended, the oldest first. */
  readonly #ended: Gathered[] = [];
  readonly #bytesOf = new Map<string, number>();
  #bytes = 0;
  #dropped = new Map<string, number>();

  constructor(private readonly bounds: typeof logBatchBounds = logBatchBounds) {}

  get isEmpty(): boolean {
    return this.#open.size === 0 && this.#ended.length === 0;
  }

  /** In memory, of all buckets. */
  get sizeBytes(): number {
    return this.#bytes;
  }

  /** The oldest that has ended. */
  get next(): LogBatch | undefined {
    return this.#ended[0];
  }

  /**
   * @param line ASCII alone
   * @returns whether a batch has ended
   */
  add(of: LoggedBucket, eventUnixMs: number, line: string): boolean {
    const { bucket } = of;
    const held = this.#bytesOf.get(bucket) ?? 0;
    const { sourceBytesMax, totalBytesMax, objectBytesMax } = this.bounds;
    if (held + line.length > sourceBytesMax || this.#bytes + line.length > totalBytesMax) {
      this.#drop(bucket, 1);
      return false;
    }
    const endedCount = this.#ended.length;
    const gathered = this.#gathered(of, eventUnixMs);
    gathered.lines.push(line);
    gathered.sizeBytes += line.length;
    this.#bytes += line.length;
    this.#bytesOf.set(bucket, held + line.length);
    if (gathered.sizeBytes >= objectBytesMax) this.#end(gathered);
    return this.#ended.length > endedCount;
  }

  /** Ends all that is open. */
  end(): void {
    for (const gathered of this.#open.values()) this.#end(gathered);
  }

  /** Lets the oldest go that has ended. */
  shift(): void {
    const gathered = this.#ended.shift();
    if (gathered === undefined) return;
    const { source, sizeBytes } = gathered;
    this.#bytes -= sizeBytes;
    const left = (this.#bytesOf.get(source) ?? 0) - sizeBytes;
    if (left > 0) this.#bytesOf.set(source, left);
    else this.#bytesOf.delete(source);
  }

  dropAll(): void {
    this.end();
    for (const { source, lines } of this.#ended.slice()) {
      this.#drop(source, lines.length);
      this.shift();
    }
  }

  /** How many lines of which bucket were dropped since the last call. */
  takeDropped(): ReadonlyMap<string, number> {
    const dropped = this.#dropped;
    this.#dropped = new Map();
    return dropped;
  }

  #gathered({ bucket, ownerId, rule }: LoggedBucket, eventUnixMs: number): Gathered {
    const known = this.#open.get(bucket);
    if (known !== undefined) {
      const isOfDay =
        rule.keyFormat !== 'by-event-time' || dayOf(known.eventUnixMs) === dayOf(eventUnixMs);
      if (isSameRule(known.rule, rule) && known.ownerId === ownerId && isOfDay) return known;
      this.#end(known);
    }
    const gathered = { source: bucket, ownerId, rule, eventUnixMs, lines: [], sizeBytes: 0 };
    this.#open.set(bucket, gathered);
    return gathered;
  }

  #end(gathered: Gathered): void {
    this.#open.delete(gathered.source);
    this.#ended.push(gathered);
  }

  #drop(source: string, count: number): void {
    this.#dropped.set(source, (this.#dropped.get(source) ?? 0) + count);
  }
}

function isSameRule(a: LogBatch['rule'], b: LogBatch['rule']): boolean {
  if (a === b) return true;
  const same = a.targetBucket === b.targetBucket && a.prefix === b.prefix;
  return same && a.keyFormat === b.keyFormat;
}

function dayOf(unixMs: number): number {
  return Math.floor(unixMs / dayMs);
}
