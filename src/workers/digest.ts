import { parentPort, workerData } from 'node:worker_threads';
import { invariant } from '../base/invariant.js';
import type { DigestJob, DigestWorkerData, FinishedLane } from '../digest/digest-job.js';
import { type HashKind, type RunningHash, runningHash } from '../digest/running-hash.js';

/** Hashes slabs of shared memory for the pool that started it. Anything unexpected ends it. */

type Lane = readonly { readonly kind: HashKind; readonly hash: RunningHash }[];

const port = parentPort;
invariant(port !== null, 'this file runs as a worker thread');
const { memory, slabBytes } = workerData as DigestWorkerData;
const lanes = new Map<number, Lane>();

port.on('message', (jobs: readonly DigestJob[]) => {
  const finished: FinishedLane[] = [];
  for (const job of jobs) {
    if (job.do === 'open')
      lanes.set(
        job.lane,
        job.kinds.map((kind) => ({ kind, hash: runningHash(kind) })),
      );
    else if (job.do === 'update') update(laneOf(job.lane), job.slab, job.bytes);
    else {
      if (job.do === 'finish') finished.push({ lane: job.lane, digests: digests(job.lane) });
      lanes.delete(job.lane);
    }
  }
  port.postMessage(finished);
});

function update(lane: Lane, slab: number, lengthBytes: number): void {
  const bytes = Buffer.from(memory, slab * slabBytes, lengthBytes);
  for (const { hash } of lane) hash.update(bytes);
}

function digests(lane: number): FinishedLane['digests'] {
  return laneOf(lane).map(({ kind, hash }) => [kind, hash.digest()]);
}

function laneOf(id: number): Lane {
  const lane = lanes.get(id);
  invariant(lane !== undefined, 'a lane is opened before it is used');
  return lane;
}
