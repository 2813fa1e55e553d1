import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type ClientRequest, IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Served } from '../e2e/logstore-process.js';
import { check, type Demonstration, inTemporaryDirectory, say } from './demonstration.js';
import { credentialsEnvironment, sendPattern, signedRequest } from './signed-transfer.js';

const MiB = 1024 ** 2;
const GiB = 1024 ** 3;
const uploadCount = 8;
const stalledMs = 3_000;

/** How much of the server is in memory, whatever is on its way through it. */
export const memory: Demonstration = {
  name: 'memory',
  shows: 'eight uploads that stand still, and an object of 4 GiB there and back, in bounded memory',
  async run() {
    await inTemporaryDirectory(async (path) => {
      await stalledUploads(join(path, 'stalled'));
      await largeObject(join(path, 'large'));
    });
  },
};

async function stalledUploads(dir: string): Promise<void> {
  await using served = await serve(dir);
  const before = residentMib(served.pid, 'VmRSS');
  say(`the server has ${before} MiB in memory, never used yet`);
  const uploads = Array.from({ length: uploadCount }, (_, index) => {
    const upload = signedRequest(served.url, 'PUT', `/show/stalled-${index}`, 512 * MiB);
    upload.on('error', () => {}); // it is cut off below
    return upload;
  });
  await Promise.all(uploads.map((upload, index) => sendPattern(upload, index, 256 * MiB)));
  let most = 0;
  for (let waitedMs = 0; waitedMs < stalledMs; waitedMs += 100) {
    await sleep(100);
    most = Math.max(most, residentMib(served.pid, 'VmRSS'));
  }
  say(`${uploadCount} uploads of 512 MiB have sent 256 MiB each and stand still: ${most} MiB`);
  say(`at the most it was ${residentMib(served.pid, 'VmHWM')} MiB`);
  const { status } = await fetch(`${served.url}/_/health/ready`);
  check(status === 200, 'it answers others meanwhile');
  check(most - before < 64, `they add less than 64 MiB: ${most - before} MiB`);
  for (const upload of uploads) upload.destroy();
}

async function largeObject(dir: string): Promise<void> {
  await using served = await serve(dir);
  const startedMs = Date.now();
  const upload = signedRequest(served.url, 'PUT', '/show/large', 4 * GiB);
  const answered = answerTo(upload);
  const sent = await sendPattern(upload, 42, 4 * GiB);
  upload.end();
  const { statusCode } = (await answered).resume();
  check(statusCode === 200, `4 GiB were put in ${seconds(startedMs)} s`);

  const readMs = Date.now();
  const download = signedRequest(served.url, 'GET', '/show/large');
  download.end();
  const got = createHash('sha256');
  for await (const chunk of (await answerTo(download)) as AsyncIterable<Buffer>) got.update(chunk);
  check(got.digest().equals(sent), `and read back in ${seconds(readMs)} s, the same bytes`);
  const most = residentMib(served.pid, 'VmHWM');
  check(most < 300, `the server never had 300 MiB in memory: ${most} MiB at the most`);
}

async function serve(dir: string): Promise<Served> {
  const patient = ['--dir', dir, '--body-idle-timeout', '10m'];
  const served = await Served.start(patient, credentialsEnvironment);
  const bucket = signedRequest(served.url, 'PUT', '/show');
  bucket.end();
  (await answerTo(bucket)).resume();
  return served;
}

async function answerTo(request: ClientRequest): Promise<IncomingMessage> {
  const [answer]: unknown[] = await once(request, 'response');
  if (answer instanceof IncomingMessage) return answer;
  throw new Error('no answer');
}

/** `VmRSS` now, `VmHWM` at the most since its start. */
function residentMib(pid: number, what: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Math.round(Number(new RegExp(`${what}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024);
}

function seconds(sinceMs: number): string {
  return ((Date.now() - sinceMs) / 1000).toFixed(1);
}
