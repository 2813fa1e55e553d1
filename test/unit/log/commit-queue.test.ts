import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { limits } from '../../../src/base/limits.js';
import type { Numbered } from '../../../src/log/active-segment.js';
import { CommitQueue } from '../../../src/log/commit-queue.js';

setFlagsFromString('--expose-gc');
const collectGarbage: unknown = runInNewContext('gc');

const queue = suite('commit queue');
const payloadBytes = limits.batchBytesMax / 4;

function record(sequence: number): Numbered {
  const append = { kind: 'data', flags: 0, subject: new Uint8Array(8), payload: [] } as const;
  return { append, sequence, payloadBytes, versionNext: 1 };
}

queue('gives batches in order, each within its bound', () => {
  const commits = new CommitQueue();
  for (let sequence = 1; sequence <= 8; sequence++) commits.push(record(sequence));
  const taken: number[][] = [];
  while (!commits.isEmpty) taken.push(commits.take().records.map(({ sequence }) => sequence));
  assert.equal(taken, [
    [1, 2, 3],
    [4, 5, 6],
    [7, 8],
  ]);
});

queue('a load that never lets it run empty is not kept for ever', async () => {
  const commits = new CommitQueue();
  const given: WeakRef<Numbered>[] = [];
  let sequence = 1;
  for (; sequence <= 6; sequence++) commits.push(record(sequence));
  for (let batch = 0; batch < 20; batch++) {
    const { records, sizeBytes } = commits.take();
    for (const each of records) given.push(new WeakRef(each));
    commits.release(sizeBytes);
    for (let more = 0; more < records.length; more++) commits.push(record(sequence++));
    assert.not(commits.isEmpty);
  }
  await new Promise((resolve) => setImmediate(resolve)); // a WeakRef holds until its turn ends
  assert.type(collectGarbage, 'function');
  if (typeof collectGarbage === 'function') collectGarbage();
  const kept = given.filter((each) => each.deref() !== undefined);
  assert.ok(kept.length < given.length / 2, `${kept.length} of ${given.length} are still there`);
});

queue.run();
