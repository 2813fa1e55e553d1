import { PassThrough } from 'node:stream';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Progress, progressLine } from '../../../tools/progress.js';

const progress = suite('progress');

const MiB = 1024 ** 2;

progress('shows how much is done, of how much, and how fast', () => {
  const line = progressLine('get', 256 * MiB, 1024 * MiB, 2_000);
  assert.is(
    line,
    `get  [${'#'.repeat(7)}${'-'.repeat(21)}]  25 %  256.0 MiB of 1.0 GiB  128.0 MiB/s`,
  );
});

progress('shows no bar where the end is not known, and is never beyond the end', () => {
  assert.is(progressLine('put', 3 * MiB, undefined, 1_000), 'put  3.0 MiB  3.0 MiB/s');
  assert.match(progressLine('put', 7, 5, 1_000), /100 %/);
  assert.match(progressLine('put', 0, 0, 0), /100 %/);
});

progress('writes to a terminal and takes its line away; writes nothing elsewhere', async () => {
  for (const isTTY of [true, false]) {
    const stream = Object.assign(new PassThrough(), { isTTY, columns: 40 });
    {
      using bar = new Progress({ label: 'get', totalBytes: 10, stream });
      bar.advance(5);
      bar.advance(5);
    }
    const written = String(stream.read() ?? '');
    if (isTTY) assert.ok(written.startsWith('\rget') && written.endsWith('\r\x1b[K'), written);
    else assert.is(written, '');
  }
});

progress('passes a stream on as it is', async () => {
  const bar = new Progress({ label: 'get' });
  async function* source() {
    yield Buffer.from('ab');
    yield Buffer.from('c');
  }
  const chunks: string[] = [];
  for await (const chunk of bar.count(source())) chunks.push(Buffer.from(chunk).toString());
  assert.equal(chunks, ['ab', 'c']);
});

progress.run();
