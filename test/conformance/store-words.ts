import { createHash } from 'node:crypto';
import * as assert from 'uvu/assert';
import { type ErrorCode, isLogStoreError } from '../../src/base/errors.js';
import type { ListPage, ObjectInfo, Store } from '../../src/store/types.js';
import { failureOf } from '../failure-of.js';
import type { StorePlace } from './store-place.js';

/** Says what a store promises: `action` gets one that holds the bucket `bucket`. */
export type Promises = (
  sentence: string,
  action: (store: Store, place: StorePlace) => Promise<void>,
) => void;

export async function failsWith(code: ErrorCode, work: Promise<unknown>): Promise<void> {
  const error = await failureOf(work);
  assert.ok(isLogStoreError(error, code), `${code} expected, not ${String(error)}`);
}

/** Bytes that differ everywhere, so that no two pieces of a body can be swapped unnoticed. */
export function patterned(sizeBytes: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  let state = seed >>> 0 || 1;
  for (let at = 0; at < sizeBytes; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

export async function* inChunks(bytes: Uint8Array, chunkBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}

export async function readAll(store: Store, bucket: string, key: string): Promise<Buffer> {
  const reader = await store.get(bucket, key);
  const chunks: Buffer[] = [];
  for await (const chunk of reader.body()) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

export function keysOf(page: ListPage): string[] {
  return page.objects.map(({ key }) => key);
}

/** All of it as text, bytes alike whether they come in a Buffer or not. */
export function shown(info: ObjectInfo): string {
  const hex = Buffer.from(info.sha256 ?? []).toString('hex');
  return JSON.stringify({ ...info, sha256: hex, checksums: info.checksums.length });
}

export function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
