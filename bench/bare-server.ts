/**
 * The least that such a server must do, in plain node:http; argument: the path of its log. A PUT
 * is hashed (SHA-256 and MD5), appended and synced before it is answered, many in one sync. A GET
 * is answered from memory.
 */
import { createHash, hash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { BareLog } from './bare-log.js';
import { gaugeServer } from './server-gauge.js';

const smallBytesMax = 64 * 1024;

interface Kept {
  readonly chunks: readonly Buffer[];
  readonly sizeBytes: number;
  readonly etag: string;
}

const [, , path = ''] = process.argv;
const log = new BareLog(path);
const objects = new Map<string, Kept>();
const server = createServer((req, res) => {
  const done = req.method === 'PUT' ? put(req, res) : get(req, res);
  done.catch((error: unknown) => res.destroy(error instanceof Error ? error : undefined));
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
gaugeServer(typeof address === 'object' && address !== null ? address.port : 0, () => log.close());

async function put(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const sizeBytes = Number(req.headers['content-length']);
  const kept = await (sizeBytes <= smallBytesMax ? putSmall(req) : putLarge(req, sizeBytes));
  objects.set(req.url ?? '', kept);
  res.writeHead(200, { 'content-length': 0, etag: kept.etag });
  res.end();
}

async function putSmall(req: IncomingMessage): Promise<Kept> {
  const chunks: Buffer[] = [];
  await new Promise<void>((resolve, reject) => {
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', resolve);
    req.on('error', reject);
  });
  const [first] = chunks;
  const body = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
  hash('sha256', body, 'buffer');
  const etag = hash('md5', body, 'hex');
  await log.append(body);
  return { chunks: [body], sizeBytes: body.length, etag };
}

async function putLarge(req: IncomingMessage, sizeBytes: number): Promise<Kept> {
  const [sha256, md5] = [createHash('sha256'), createHash('md5')];
  const chunks: Buffer[] = [];
  let last = Promise.resolve();
  for await (const chunk of req as AsyncIterable<Buffer>) {
    sha256.update(chunk);
    md5.update(chunk);
    chunks.push(chunk);
    last = log.append(chunk);
    last.catch(() => {}); // the last one tells of it
    await log.room();
  }
  await last;
  sha256.digest();
  return { chunks, sizeBytes, etag: md5.digest('hex') };
}

async function get(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const kept = objects.get(req.url ?? '');
  if (kept === undefined) {
    res.writeHead(404, { 'content-length': 0 });
    res.end();
    return;
  }
  res.writeHead(200, { 'content-length': kept.sizeBytes, etag: kept.etag });
  const last = kept.chunks.length - 1;
  for (let index = 0; index < last; index++)
    if (!res.write(kept.chunks[index])) await once(res, 'drain');
  res.end(kept.chunks[last]);
}
