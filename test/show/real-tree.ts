import { createHash, type Hash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { logstore, Served } from '../e2e/logstore-process.js';
import { check, type Demonstration, inTemporaryDirectory, say } from './demonstration.js';
import { projectRoot } from './project-root.js';

const bucket = 'tree';
const bigKey = 'big/one-gibibyte.bin';
const bigBytes = 1024 ** 3;
const filesMin = 10_000;
const writers = 16;
const credentials = { accessKeyId: 'SHOWREALTREE00000000', secretAccessKey: 'a'.repeat(40) };
const env = {
  LOGSTORE_ACCESS_KEY: credentials.accessKeyId,
  LOGSTORE_SECRET_KEY: credentials.secretAccessKey,
};

export const realTree: Demonstration = {
  name: 'real-tree',
  shows:
    'a tree of 10,000 files and a file of 1 GiB go in through the AWS SDK and come back the same, ' +
    'also after kill -9 in mid-upload',
  async run() {
    await inTemporaryDirectory(async (path) => {
      const dir = join(path, 'store');
      const files = await realFiles();
      say(`${files.length} files of node_modules, under two prefixes where they are too few`);
      const stored = await putUntilKilled(dir, files);
      await checkAfterKill(dir, files, stored);
    });
  },
};

/** Keys and paths of real files: node_modules, told again under a second name until there are enough. */
async function realFiles(): Promise<{ key: string; path: string }[]> {
  const root = join(projectRoot, 'node_modules');
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries.filter((e) => e.isFile()).map((e) => join(e.parentPath, e.name));
  const files: { key: string; path: string }[] = [];
  for (let copy = 1; files.length < filesMin + 500; copy++) {
    for (const path of paths) files.push({ key: `copy-${copy}/${relative(root, path)}`, path });
  }
  return files;
}

function clientOf(server: Served): S3Client {
  return new S3Client({
    ...{ endpoint: server.url, region: 'us-east-1', forcePathStyle: true, credentials },
    maxAttempts: 1,
  });
}

/** @returns the keys that were acknowledged before the server was killed */
async function putUntilKilled(
  dir: string,
  files: readonly { key: string; path: string }[],
): Promise<Set<string>> {
  await using server = await Served.start(['--dir', dir], env);
  using client = disposable(clientOf(server));
  await client.s3.send(new CreateBucketCommand({ Bucket: bucket }));

  const done = new Upload({
    client: client.s3,
    params: { Bucket: bucket, Key: bigKey, Body: Readable.from(bigFile()) },
  });
  await done.done();
  say('1 GiB is in, by multipart, from a stream');

  const stored = new Set<string>();
  const queue = [...files];
  const killAfter = Math.floor(files.length * 0.8);
  let cutOff: Promise<void> | undefined;
  const each = () => {
    if (stored.size >= killAfter - 500) cutOff ??= uploadUntilCutOff(client.s3);
    if (stored.size >= killAfter) server.child.kill('SIGKILL');
  };
  await Promise.all(Array.from({ length: writers }, () => putAll(client.s3, queue, stored, each)));
  await cutOff;
  say(`killed with SIGKILL after ${stored.size} acknowledged files, in the middle of the others`);
  return stored;
}

/** Begins a second large upload, which never reaches its end. */
async function uploadUntilCutOff(s3: S3Client): Promise<void> {
  const params = { Bucket: bucket, Key: 'big/cut-off.bin', Body: Readable.from(bigFile()) };
  const ended = await new Upload({ client: s3, params }).done().catch(() => 'cut off');
  check(ended === 'cut off', 'the second large upload was cut off in the middle');
}

async function putAll(
  s3: S3Client,
  queue: { key: string; path: string }[],
  stored: Set<string>,
  each: () => void,
): Promise<void> {
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const body = await readFile(next.path);
    try {
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: next.key, Body: body }));
    } catch {
      return; // the server is gone: what is not acknowledged may be there or not
    }
    stored.add(next.key);
    each();
  }
}

async function checkAfterKill(
  dir: string,
  files: readonly { key: string; path: string }[],
  stored: ReadonlySet<string>,
): Promise<void> {
  await using server = await Served.start(['--dir', dir], env);
  using client = disposable(clientOf(server));
  const pathOf = new Map(files.map(({ key, path }) => [key, path]));
  const listed = new Set<string>();
  for await (const page of paginateListObjectsV2({ client: client.s3 }, { Bucket: bucket })) {
    for (const { Key } of page.Contents ?? []) if (Key !== undefined) listed.add(Key);
  }
  const lost = [...stored].filter((key) => !listed.has(key));
  check(lost.length === 0, `all ${stored.size} acknowledged files are listed`);
  const strange = [...listed].filter((key) => key !== bigKey && !pathOf.has(key));
  check(strange.length === 0, 'nothing half-written shows');

  let wrong = 0;
  const queue = [...listed].filter((key) => key !== bigKey);
  const count = queue.length;
  const compare = async () => {
    for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
      const got = await client.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      const bytes = await got.Body?.transformToByteArray();
      const path = pathOf.get(key);
      if (path === undefined || !(await readFile(path)).equals(bytes ?? new Uint8Array())) wrong++;
    }
  };
  await Promise.all(Array.from({ length: writers }, compare));
  check(wrong === 0, `all ${count} files that are there are byte-identical`);
  await checkBigFile(client.s3);
  const uploads = await client.s3.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
  const open = (uploads.Uploads ?? []).map(({ Key }) => Key);
  check(open.join() === 'big/cut-off.bin', 'the upload cut off is an open one, and no object');
  server.child.kill('SIGTERM');
  await server.ended;
  const verified = await logstore(['verify', '--dir', dir]);
  say(verified.stdout.toString().trim());
  check(verified.code === 0, '`logstore verify` finds nothing wrong');
}

async function checkBigFile(s3: S3Client): Promise<void> {
  const { ETag } = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: bigKey }));
  check(/-\d+"$/.test(ETag ?? ''), 'the large file was stored by multipart');
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: bigKey }));
  check(Body instanceof Readable, 'it comes back as a stream');
  const got = createHash('sha256');
  for await (const chunk of Body) got.update(chunk as Uint8Array);
  const sent = createHash('sha256');
  for (const chunk of bigFile()) sent.update(chunk);
  check(same(got, sent), 'the file of 1 GiB is byte-identical');
}

/** 1 GiB of bytes that do not repeat, the same each time. */
function* bigFile(): Generator<Uint8Array> {
  const chunk = createHash('shake256', { outputLength: 1024 ** 2 })
    .update('chunk')
    .digest();
  for (let index = 0; index < bigBytes / chunk.length; index++) {
    chunk.writeUInt32LE(index, (index * 8) % (chunk.length - 4));
    yield Uint8Array.from(chunk);
  }
}

function same(a: Hash, b: Hash): boolean {
  return a.digest('hex') === b.digest('hex');
}

function disposable(s3: S3Client): { s3: S3Client } & Disposable {
  return { s3, [Symbol.dispose]: () => s3.destroy() };
}
