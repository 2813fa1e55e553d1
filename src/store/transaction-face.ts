import type { BodySource, ObjectInfo, PutOptions } from './object-types.js';

/**
 * Reads see the store as it was when the transaction began, and its own writes. A write of anybody
 * else to what it read or wrote makes it fail with CONFLICT at the end; then nothing has happened.
 */
export interface Transaction {
  createBucket(bucket: string): Promise<void>;
  deleteBucket(bucket: string): Promise<void>;
  put(bucket: string, key: string, body: BodySource, options?: PutOptions): Promise<void>;
  get(bucket: string, key: string): Promise<Uint8Array>;
  head(bucket: string, key: string): Promise<ObjectInfo>;
  delete(bucket: string, key: string): Promise<void>;
}
