import { parentPort, workerData } from 'node:worker_threads';
import { invariant } from '../base/invariant.js';
import type { EncodeJob, EncodeReply, EncodeWorkerData } from '../erasure/encode-job.js';
import { encodePlan, InlineGroupCoder } from '../erasure/group-coder.js';
import { openCodec } from '../erasure/open-codec.js';
import { stripesIn } from '../erasure/stripe.js';

/** Computes parity in shared memory for the thread that started it. Anything unexpected ends it. */

const port = parentPort;
invariant(port !== null, 'this file runs as a worker thread');
const { memory, codec } = workerData as EncodeWorkerData;
const coder = new InlineGroupCoder(openCodec(codec), stripesIn(memory, encodePlan));
let last = Promise.resolve(); // one job after another, in the order sent

port.on('message', (job: EncodeJob) => {
  last = last.then(async () => {
    if (job.do === 'begin') {
      coder.begin(job.shape);
      return;
    }
    let reply: EncodeReply;
    if (job.do === 'finish') reply = await coder.finish();
    else await coder.encode(job.stripe, job.start, job.lengthBytes);
    port.postMessage(reply);
  });
});
