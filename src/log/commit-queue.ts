import { LogStoreError } from '../base/errors.js';
import { invariant } from '../base/invariant.js';
import { limits } from '../base/limits.js';
import { recordBytes } from '../format/record.js';
import type { Numbered } from './active-segment.js';

/**
 * Records that were admitted and are not durable yet, in log order. All that arrives during one
 * sync shares the next: `take` cuts off what one batch may hold.
 */
export class CommitQueue {
  #records: Numbered[] = [];
  #from = 0;
  #sizeBytes = 0;
  #waiting: { resolve: () => void; reject: (error: LogStoreError) => void }[] = [];

  get isEmpty(): boolean {
    return this.#from === this.#records.length;
  }

  /** @throws LogStoreError `BUSY` */
  push(record: Numbered): void {
    const sizeBytes = recordBytes(record.payloadBytes);
    if (this.#sizeBytes + sizeBytes > limits.commitQueueBytesMax) {
      throw new LogStoreError('BUSY', 'more is waiting for the disk than the queue may hold');
    }
    this.#records.push(record);
    this.#sizeBytes += sizeBytes;
  }

  /** The beginning of the queue, as much as one batch may hold. */
  take(): { records: Numbered[]; sizeBytes: number } {
    let sizeBytes = 0;
    let end = this.#from;
    const endMax = Math.min(this.#records.length, this.#from + limits.batchRecordsMax);
    for (; end < endMax; end++) {
      const record = this.#records[end];
      if (record === undefined) break;
      const next = sizeBytes + recordBytes(record.payloadBytes);
      if (next > limits.batchBytesMax && end > this.#from) break;
      sizeBytes = next;
    }
    const records = this.#records.slice(this.#from, end);
    this.#from = end;
    // Under a load that never lets it run empty, what it gave out must not stay here for ever.
    if (2 * end >= this.#records.length) {
      this.#records = this.#records.slice(end);
      this.#from = 0;
    }
    return { records, sizeBytes };
  }

  /** Says that what `take` gave is done, one way or the other. */
  release(sizeBytes: number): void {
    this.#sizeBytes -= sizeBytes;
    invariant(this.#sizeBytes >= 0, 'the queue gives back no more than it took');
    if (this.#sizeBytes > limits.commitQueueBytesMax / 2) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { resolve } of waiting) resolve();
  }

  /** Resolves when streams may add data again: commits keep the other half of the queue. */
  room(): Promise<void> {
    if (this.#sizeBytes <= limits.commitQueueBytesMax / 2) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }

  /** Empties the queue; none of it has happened. */
  fail(error: LogStoreError): void {
    const records = this.#records.slice(this.#from);
    const waiting = this.#waiting;
    [this.#records, this.#from, this.#waiting] = [[], 0, []];
    for (const record of records) this.#sizeBytes -= recordBytes(record.payloadBytes);
    for (const record of records) record.append.onFailed?.(error);
    for (const { reject } of waiting) reject(error);
  }
}
