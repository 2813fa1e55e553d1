/**
 * Fills a new store with small objects, straight through its log: what as many puts would leave,
 * in a fraction of the time. Arguments: DIR, count of objects, bytes of each, bytes of a segment.
 * Runs until it is asked to close, or killed.
 */
import { hash } from 'node:crypto';
import { isLogStoreError } from '../src/base/errors.js';
import { commitSubject, encodeCommit } from '../src/format/commit.js';
import type { Mutation } from '../src/format/mutation.js';
import { inlineBodyFlag } from '../src/format/record.js';
import { nodeHost } from '../src/host/node-host.js';
import { openLog } from '../src/log/open-log.js';
import type { Log } from '../src/log/types.js';
import { answerQuestions } from './other-process.js';
import { bucket } from './signed-request.js';

const keyPrefix = 'objects/';
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
    for (let index = 0; index < count; index++) {
      const key = keyPrefix + String((index * STRIDE) % count).padStart(10, '0');
      keyBytes += key.length;
      const body = Buffer.alloc(sizeBytes, `${key} `);
      const mutation = putObject(key, body);
      while (!append(log, mutation, body)) await log.room();
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
    ...{ sizeBytes: body.length, etag: sha256.subarray(0, 16), partCount: 0, sha256 },
    ...{ partsRoot: null, checksums: [], runs: [], parts: [], headers: noHeaders, metadata: [] },
    ...{ expiresUnixMs: 0, salt: sha256.subarray(16), uploadVersion: 0, flags: 0 },
  };
  return { is: 'putObject', bucket, key, bucketVersion, ends: [], object };
}

/** @returns whether there was room for it */
function append(to: Log, mutation: Mutation, body?: Buffer): boolean {
  const mutations = [mutation];
  const flags = body === undefined ? 0 : inlineBodyFlag;
  const version = to.takeVersions(1);
  const meta = encodeCommit({ timeUnixMs: Date.now(), version, mutations });
  const payload = body === undefined ? [meta] : [meta, body];
  try {
    to.append({ kind: 'commit', flags, subject: commitSubject(mutations), payload });
    return true;
  } catch (error) {
    if (isLogStoreError(error, 'BUSY')) return false;
    throw error;
  }
}
