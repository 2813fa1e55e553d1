import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { signRequest } from '../../src/auth/sign.js';
import { temporaryDirectory } from '../unit/host/temporary-directory.js';
import { Served } from './logstore-process.js';
import { credentials, headOf, type Line, openLine } from './s3-place.js';

const memory = suite('the memory of a server');
const mebibyte = 1024 ** 2;
const heapMebibytes = 96;

interface Place {
  readonly served: Served;
  /** Of its store. */
  readonly directory: string;
  /** Sends a request whose body may be shorter than it says. */
  send(method: string, target: string, body?: Uint8Array, saysBytes?: number): Line;
}

async function withServer(work: (place: Place) => Promise<void>): Promise<void> {
  using place = temporaryDirectory();
  const environment = {
    LOGSTORE_ACCESS_KEY: credentials.accessKeyId,
    LOGSTORE_SECRET_KEY: credentials.secretAccessKey,
    NODE_OPTIONS: `--max-old-space-size=${heapMebibytes}`,
  };
  const directory = join(place.path, 'store');
  const args = ['--dir', directory, '--reserve-size', '0'];
  await using served = await Served.start(args, environment);
  assert.is.not(served.url, '', served.told);
  const port = Number(new URL(served.url).port);
  const send: Place['send'] = (method, target, body = Buffer.of(), saysBytes = body.length) => {
    const headers = { host: `127.0.0.1:${port}`, 'content-length': String(saysBytes) };
    const [rawPath = '', rawQuery = ''] = target.split('?');
    const { accessKeyId, secretAccessKey: secret } = credentials;
    const signed = signRequest({ method, rawPath, rawQuery, headers }, 'UNSIGNED-PAYLOAD', {
      ...{ credentials: { accessKeyId, secret }, region: 'us-east-1', timeMs: Date.now() },
    });
    const line = openLine(port);
    line.socket.write(headOf({ method, target }, { ...headers, ...signed.headers }));
    line.socket.write(body);
    return line;
  };
  await work({ served, directory, send });
}

/** The most memory that the process has ever had, by the system's own account. */
function peakBytes({ pid }: Served): number {
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  return Number(found?.[1]) * 1024;
}

function logBytes(directory: string): number {
  const log = join(directory, 'log');
  // A file may get its lasting name between the two calls.
  const sizeOf = (name: string) => statSync(join(log, name), { throwIfNoEntry: false })?.size ?? 0;
  return readdirSync(log).reduce((sum, name) => sum + sizeOf(name), 0);
}

/** Looks between the turns of this process's own work. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

async function answered(line: Line, pattern: RegExp): Promise<void> {
  await line.heard(pattern);
  line.socket.destroy();
}

memory(
  'faults 44: many clients with parts of the largest size neither kill it nor fill its memory',
  async () => {
    await withServer(async ({ served, directory, send }) => {
      await answered(send('PUT', '/bucket'), /^HTTP\/1\.1 200/);
      const before = peakBytes(served);
      const piece = Buffer.alloc(2 * mebibyte, 7);
      const clients = Array.from({ length: 80 }, (_, index) =>
        send('PUT', `/bucket/large-${index}`, piece, 5 * 1024 * mebibyte),
      );
      let closedCount = 0;
      for (const { closed } of clients) void closed.then(() => closedCount++);
      // Most of the 160 MiB has come.
      await until(() => logBytes(directory) > 130 * mebibyte || closedCount > 0);
      assert.is(closedCount, 0, served.told);
      const grownBytes = peakBytes(served) - before;
      assert.ok(grownBytes < 110 * mebibyte, `${Math.round(grownBytes / mebibyte)} MiB`);
      await answered(send('PUT', '/bucket/small', Buffer.from('small')), /^HTTP\/1\.1 200/);
      await answered(send('GET', '/bucket/small'), /^HTTP\/1\.1 200.*small$/s);
      for (const { socket } of clients) socket.destroy();
      await answered(send('GET', '/bucket?list-type=2'), /<KeyCount>1<\/KeyCount>/);
      assert.is(served.child.exitCode, null, served.told);
    });
  },
);

memory(
  'faults 44: documents are held up to a bound of all together, and beyond it told to slow down',
  async () => {
    await withServer(async ({ served, send }) => {
      await answered(send('PUT', '/bucket'), /^HTTP\/1\.1 200/);
      const before = peakBytes(served);
      const [heldCount, clientCount] = [16, 48];
      const lastByteMissing = Buffer.alloc(4 * mebibyte - 1, ' ');
      const target = '/bucket/key?uploadId=0000000000000001';
      const clients = Array.from({ length: clientCount }, () =>
        send('POST', target, lastByteMissing, 4 * mebibyte),
      );
      let refusedCount = 0;
      let otherwise = '';
      const slowedDown = clients.map(({ heard }) =>
        heard(/^HTTP\/1\.1 503.*SlowDown/s).then(
          () => refusedCount++,
          (error: unknown) => {
            otherwise += `${error}\n`;
          },
        ),
      );
      const grown = () => peakBytes(served) - before;
      const isOver = () => refusedCount >= clientCount - heldCount || otherwise !== '';
      await until(() => isOver() || grown() > 140 * mebibyte);
      assert.is(otherwise, '');
      const grownBytes = grown();
      assert.ok(grownBytes < 140 * mebibyte, `${Math.round(grownBytes / mebibyte)} of 192 MiB`);
      for (const { socket } of clients) socket.destroy();
      await Promise.all([...slowedDown, ...clients.map(({ closed }) => closed)]);
      assert.is(refusedCount, clientCount - heldCount);
      await answered(send('PUT', '/bucket/small', Buffer.from('small')), /^HTTP\/1\.1 200/);
      assert.is(served.child.exitCode, null, served.told);
    });
  },
);

memory.run();
