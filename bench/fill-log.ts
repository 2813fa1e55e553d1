/**
 * Fills a new store with small objects, straight through its log: what as many puts would leave,
 * in a fraction of the time. Arguments: DIR, count of objects, bytes of each, bytes of a segment.
 * Runs until it is asked to close, or killed.
 */
import { hash } from 'node:crypto';
import { commitSubject, encodeCommit } from '../src/format/commit.js';
import type { Mutation } from '../src/format/mutation.js';
import { inlineBodyFlag } from '../src/format/record.js';
import { nodeHost } from '../src/host/node-host.js';
import { openLog } from '../src/log/open-log.js';
import type { Log } from '../src/log/types.js';
import { answerQuestions } from './other-process.js';
import { bucket } from './signed-request.js';

const keyPrefix = 'objects/';
/** Fewer than the log's queue holds, even of 16 KiB each. */
const inFlightMax = 512;
/** Prime: keys come in an order that no cache likes, each once. */
const STRIDE = 1_000_003;
const bucketVersion = 1;
const noHeaders = [null, null, null, null, null, null];

const [, , dir = '', ...sizes] = process.argv;
const [count = 0, sizeBytes = 0, segmentBytes = 0] = sizes.map(Number);
const follower = { commit() {}, lost() {} };
const log = await openLog(nodeHost(dir), { mode: 'write', segmentBytes }, follower);

answerQuestions({
  async fill() {
    const region = 'us-east-1';
    append(log, { is: 'createBucket', bucket, owner: null, region, flags: 0 });
    let keyBytes = 0;
    let settled = Promise.resolve();
    for (let index = 0; index < count; index++) {
      const key = keyPrefix + String((index * STRIDE) % count).padStart(10, '0');
      keyBytes += key.length;
      const body = Buffer.alloc(sizeBytes, key);
      append(log, putObject(key, body), body);
      if (index % inFlightMax !== 0) continue;
      await settled; // of the round before: one is encoded while another is written
      settled = log.settled();
    }
    await log.settled();
    return { keyBytes };
  },
  async close() {
    await log.close();
    return {};
  },
});

function putObject(key: string, body: Buffer): Mutation {
  const sha256 = hash('sha256', body, 'buffer');
  const object = {
    sizeBytes: body.length,
    etag: sha256.subarray(0, 16),
    partCount: 0,
    sha256,
    partsRoot: null,
    checksums: [],
    runs: [],
    parts: [],
    headers: noHeaders,
    metadata: [],
    expiresUnixMs: 0,
    salt: sha256.subarray(16),
    uploadVersion: 0,
    flags: 0,
  };
  return { is: 'putObject', bucket, key, bucketVersion, ends: [], object };
}

function append(to: Log, mutation: Mutation, body?: Buffer): void {
  const mutations = [mutation];
  const flags = body === undefined ? 0 : inlineBodyFlag;
  const meta = encodeCommit({ timeUnixMs: Date.now(), version: to.takeVersions(1), mutations });
  const payload = body === undefined ? [meta] : [meta, body];
  to.append({ kind: 'commit', flags, subject: commitSubject(mutations), payload });
}
