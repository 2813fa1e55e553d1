/**
 * A store in a fresh process of its own, for what opening it costs in time and memory; argument:
 * DIR. Started with --expose-gc.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { openStore, type Store } from '../src/index.js';
import { durationMs } from './in-flight.js';
import { answerQuestions } from './other-process.js';
import { bucket } from './signed-request.js';

const pieceBytes = 64 * 1024 ** 2;

const [, , dir = ''] = process.argv;
let store: Store | undefined;
let kept: Buffer | undefined;

answerQuestions({
  async open() {
    const startedMs = performance.now();
    store = await openStore({ dir });
    const openMs = performance.now() - startedMs;
    await collectGarbage();
    const { objects } = store.stats();
    return { openMs, objects, rssBytes: process.memoryUsage.rss() };
  },
  async list() {
    if (store === undefined) throw new Error('it is not open');
    const from = store;
    const prefix = 'objects/000';
    const pageMs = await durationMs(() => from.list(bucket, { prefix, limit: 1000 }));
    let listed = 0;
    const listingMs = await durationMs(async () => {
      for await (const object of from.objects(bucket)) if (object.sizeBytes >= 0) listed++;
    });
    return { pageMs, listingMs, listed };
  },
  async close() {
    await store?.close();
    return {};
  },
  /** The least that opening can cost: the snapshot's bytes, in memory that stays. */
  readSnapshot() {
    const startedMs = performance.now();
    const descriptor = fs.openSync(join(dir, 'index.snapshot'), 'r');
    const { size } = fs.fstatSync(descriptor);
    kept = Buffer.allocUnsafeSlow(size);
    for (let at = 0; at < size; at += pieceBytes)
      fs.readSync(descriptor, kept, at, Math.min(pieceBytes, size - at), at);
    fs.closeSync(descriptor);
    return { readMs: performance.now() - startedMs, sizeBytes: kept.length };
  },
});

/** Also what is only freed by the next collection, and given back after. */
async function collectGarbage(): Promise<void> {
  if (global.gc === undefined) throw new Error('start it with --expose-gc');
  for (let times = 0; times < 3; times++) {
    global.gc();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
