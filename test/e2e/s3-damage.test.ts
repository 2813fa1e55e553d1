import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { codeOf, type S3Place, s3Place } from './s3-place.js';

const damage = suite('damage on disk, over S3');

const recordBytes = 256 * 1024;
const body = Buffer.alloc(8 * recordBytes);
for (let at = 0; at < body.length; at += 8) body.writeDoubleLE(at, at);

/** Flips one bit of the stored body, wherever its bytes lie. */
function flip(directory: string, bodyOffset: number): void {
  flipIn(directory, body.subarray(bodyOffset, bodyOffset + 64));
}

function flipIn(directory: string, needle: Uint8Array): void {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true });
  for (const file of files.filter((each) => each.isFile())) {
    const path = join(file.parentPath, file.name);
    const bytes = readFileSync(path);
    const found = bytes.indexOf(needle);
    if (found === -1) continue;
    bytes.writeUInt8(bytes.readUInt8(found) ^ 1, found);
    writeFileSync(path, bytes);
    return;
  }
  throw new Error('these bytes are nowhere in the store');
}

/** What comes of a GET: how many bytes, and whether they came to a clean end. */
function received(at: S3Place, target: string): Promise<{ bytes: Buffer; complete: boolean }> {
  return new Promise((resolve, reject) => {
    const headers = at.sign({ method: 'GET', target });
    const request = httpRequest(
      { port: at.port, path: target, headers, agent: false },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', () => {});
        answer.on('close', () =>
          resolve({ bytes: Buffer.concat(chunks), complete: answer.complete }),
        );
      },
    );
    request.on('error', reject);
    request.end();
  });
}

damage('faults 106: a GET that meets damage in mid-stream is cut off, never wrong', async () => {
  await using at = await s3Place();
  await at.send({ method: 'PUT', target: '/rotten' });
  await at.send({ method: 'PUT', target: '/rotten/k', body });
  flip(at.directory, 5 * recordBytes + 1000);
  const { bytes, complete } = await received(at, '/rotten/k');
  assert.is(complete, false);
  assert.ok(bytes.length <= 5 * recordBytes);
  assert.ok(Buffer.compare(bytes, body.subarray(0, bytes.length)) === 0);
  const line = at.log.find(({ code }) => code === 'InternalError');
  assert.is(line?.message, 'request failed');
});

damage('faults 46: a GET that meets damage at its beginning is an error', async () => {
  await using at = await s3Place();
  await at.send({ method: 'PUT', target: '/rotten' });
  await at.send({ method: 'PUT', target: '/rotten/k', body });
  flip(at.directory, 1000);
  const answer = await at.send({ method: 'GET', target: '/rotten/k' });
  assert.is(answer.status, 500);
  assert.is(codeOf(answer), 'InternalError');
  assert.not.match(answer.body.toString(), at.directory);
  const headers = { range: `bytes=${recordBytes}-${recordBytes + 7}` };
  const beside = await at.send({ method: 'GET', target: '/rotten/k', headers });
  assert.is(beside.status, 206);
  assert.ok(Buffer.compare(beside.body, body.subarray(recordBytes, recordBytes + 8)) === 0);
});

damage('faults 46: a list of grants that is damaged leaves its owner out of listings', async () => {
  await using at = await s3Place({ objectOwnership: 'ObjectWriter', cacheSize: '0' });
  await at.send({ method: 'PUT', target: '/rotten' });
  const headers = { 'x-amz-acl': 'public-read' };
  await at.send({ method: 'PUT', target: '/rotten/public', headers, body });
  await at.send({ method: 'PUT', target: '/rotten/plain', body });
  const owners = async (query: string) => {
    const { body: text } = await at.send({ method: 'GET', target: `/rotten?${query}` });
    return [...String(text).matchAll(/<Key>(\w+)<\/Key>.*?<StorageClass>(?:.*?<\/)/g)].map(
      ([all, key]) => [key, all.includes('<Owner>')],
    );
  };
  const whole = [
    ['plain', true],
    ['public', true],
  ];
  assert.equal(await owners(''), whole);
  flipIn(at.directory, Buffer.from('group=AllUsers'));
  assert.equal(await owners(''), [whole[0], ['public', false]]);
});

damage.run();
