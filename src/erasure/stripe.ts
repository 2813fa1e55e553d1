import { type SharedMemory, sharedMemory } from '../base/web-assembly.js';
import type { Code } from './code.js';

/**
 * The bytes of one pass through a code: a row for each data shard, then one for each parity shard.
 * Files are read right into the rows and written right from them.
 */
export interface Stripe {
  readonly code: Code;
  readonly memory: SharedMemory;
  /** Where each row begins in the memory. */
  readonly addresses: readonly number[];
  /** The rows, each of `rowBytes`. */
  readonly rows: readonly Uint8Array[];
  readonly rowBytes: number;
}

/** What makes the same stripes in another thread, by `stripesIn`. */
export interface StripePlan {
  readonly code: Code;
  readonly rowBytes: number;
  readonly stripeCount: number;
}

const cacheLineBytes = 64;
// Rows whose distance is a multiple of a power of two fall on the same lines of the cache.
const spreadBytes = 17 * cacheLineBytes;

/** Stripes in a memory of their own, which lives as long as one of them. */
export function newStripes(plan: StripePlan): Stripe[] {
  const rowCount = plan.code.dataCount + plan.code.parityCount;
  return stripesIn(sharedMemory(plan.stripeCount * rowCount * rowDistance(plan)), plan);
}

/** The stripes that lie in a memory made by `newStripes` of the same plan. */
export function stripesIn(memory: SharedMemory, plan: StripePlan): Stripe[] {
  const { code, rowBytes } = plan;
  const rowCount = code.dataCount + code.parityCount;
  return Array.from({ length: plan.stripeCount }, (_, stripe) => {
    const addresses = Array.from(
      { length: rowCount },
      (_, row) => (stripe * rowCount + row) * rowDistance(plan),
    );
    const rows = addresses.map((address) => new Uint8Array(memory.buffer, address, rowBytes));
    return { code, memory, addresses, rows, rowBytes };
  });
}

function rowDistance({ rowBytes }: StripePlan): number {
  return Math.ceil(rowBytes / cacheLineBytes) * cacheLineBytes + spreadBytes;
}
