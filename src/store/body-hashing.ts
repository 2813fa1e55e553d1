import { limits } from '../base/limits.js';
import { DigestPool } from '../digest/digest-pool.js';
import type { StoreOptions } from './store-options.js';

const hashThreadsMaxDefault = 2;
const slabCountMax = 32; // 8 MiB: what all bodies under way share, and the log's queue with them

/** The threads and the memory that hash the bodies of a store. */
export function bodyHashing({ hashThreadsMax, hashThreadsStart }: StoreOptions): DigestPool {
  const workersMax = hashThreadsMax ?? hashThreadsMaxDefault;
  const pool = new DigestPool({ workersMax, slabBytes: limits.dataRecordBytesMax, slabCountMax });
  if (hashThreadsStart === 'at-open') pool.startThreads();
  return pool;
}
