import { once } from 'node:events';
import { type ClientRequest, request } from 'node:http';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketLoggingCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { signRequest } from '../../src/auth/sign.js';
import { openStore } from '../../src/index.js';
import { Served } from './logstore-process.js';
import { failureOf } from './s3-place.js';
import { type Place, place } from './served-place.js';

const log = suite('access logs');

const credentials = { accessKeyId: 'KEYOFROOT', secretAccessKey: 'secret-of-root' };
const env = {
  LOGSTORE_ACCESS_KEY: credentials.accessKeyId,
  LOGSTORE_SECRET_KEY: credentials.secretAccessKey,
};

function clientOf({ url: endpoint }: Served): S3Client {
  const address = { endpoint, region: 'us-east-1', forcePathStyle: true };
  return new S3Client({ ...address, credentials, maxAttempts: 1 });
}

/** Has `source` logged into `logs`. */
async function switchOn(client: S3Client, TargetPrefix = 'a/'): Promise<void> {
  for (const Bucket of ['source', 'logs']) await client.send(new CreateBucketCommand({ Bucket }));
  await client.send(
    new PutBucketLoggingCommand({
      Bucket: 'source',
      BucketLoggingStatus: { LoggingEnabled: { TargetBucket: 'logs', TargetPrefix } },
    }),
  );
}

/** A PUT that is let in, and that sends half of its body. */
async function putUnderWay(at: Served, path: string): Promise<ClientRequest> {
  const headers = { host: new URL(at.url).host, 'content-length': '10', expect: '100-continue' };
  const signed = signRequest(
    { method: 'PUT', rawPath: path, rawQuery: '', headers },
    'UNSIGNED-PAYLOAD',
    {
      credentials: { accessKeyId: 'KEYOFROOT', secret: 'secret-of-root' },
      ...{ region: 'us-east-1', timeMs: Date.now() },
    },
  );
  const own = { ...headers, ...signed.headers };
  const sent = request(`${at.url}${path}`, { method: 'PUT', headers: own });
  sent.flushHeaders();
  await once(sent, 'continue');
  sent.write('first');
  return sent;
}

/** One field of a line is a word, a text in quotes, or a time in brackets. */
const field = /\[[^\]]*\]|"[^"]*"|\S+/g;

/** The fields of all lines in the target, once the server has stopped. */
async function loggedIn({ dir }: Place): Promise<{ keys: string[]; lines: string[][] }> {
  await using store = await openStore({ dir });
  const keys: string[] = [];
  const lines: string[][] = [];
  for await (const { key } of store.objects('logs')) {
    keys.push(key);
    const text = Buffer.from(await store.getBytes('logs', key)).toString();
    assert.ok(text.endsWith('\n'));
    for (const line of text.trimEnd().split('\n')) lines.push(line.match(field) ?? []);
  }
  return { keys, lines };
}

/** Requests of many kinds, each of them once. */
async function requests(client: S3Client, url: string): Promise<void> {
  const Bucket = 'source';
  await client.send(new PutObjectCommand({ Bucket, Key: 'a b', Body: 'eleven byte' }));
  await client.send(new GetObjectCommand({ Bucket, Key: 'a b', Range: 'bytes=0-3' }));
  await client.send(new HeadObjectCommand({ Bucket, Key: 'a b' }));
  assert.is(await failureOf(client.send(new GetObjectCommand({ Bucket, Key: 'no' }))), 'NoSuchKey');
  await client.send(new ListObjectsV2Command({ Bucket }));
  await client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: 'source/a%20b' }));
  const upload = { Bucket, Key: 'large' };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(upload));
  const part = { ...upload, UploadId, PartNumber: 1, Body: 'part' };
  const { ETag } = await client.send(new UploadPartCommand(part));
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  await client.send(new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload }));
  const Objects = [{ Key: 'copy' }, { Key: 'never there' }];
  await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  await client.send(new DeleteObjectCommand({ Bucket, Key: 'large' }));
  const presigned = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key: 'a b' }));
  assert.is((await fetch(presigned)).status, 200);
  assert.is((await fetch(`${url}/source/a%20b`)).status, 403);
}

/** All of them at a server that is stopped behind them. @returns where it was */
async function requestsOf({ dir }: { readonly dir: string }): Promise<string> {
  await using server = await Served.start(['--dir', dir], env);
  const client = clientOf(server);
  await switchOn(client);
  await requests(client, server.url);
  client.destroy();
  assert.is(await server.end('SIGTERM'), 0);
  return server.url;
}

const expected = [
  'REST.PUT.LOGGING_STATUS - 200 -',
  'REST.PUT.OBJECT a%2520b 200 -',
  'REST.GET.OBJECT a%2520b 206 -',
  'REST.HEAD.OBJECT a%2520b 200 -',
  'REST.GET.OBJECT no 404 NoSuchKey',
  'REST.GET.BUCKET - 200 -',
  'REST.COPY.OBJECT copy 200 -',
  'REST.COPY.OBJECT_GET a%2520b 200 -',
  'REST.POST.UPLOADS large 200 -',
  'REST.PUT.PART large 200 -',
  'REST.POST.UPLOAD large 200 -',
  'REST.POST.MULTI_OBJECT_DELETE - 200 -',
  'BATCH.DELETE.OBJECT copy 204 -',
  'BATCH.DELETE.OBJECT never%20there 204 -',
  'REST.DELETE.OBJECT large 204 -',
  'REST.GET.OBJECT a%2520b 200 -',
  'REST.GET.OBJECT a%2520b 403 AccessDenied',
];

log('after a clean stop the target has each request once', async () => {
  using at = place();
  await requestsOf(at);

  const { keys, lines } = await loggedIn(at);
  assert.is(keys.length, 1);
  assert.match(keys[0] ?? '', /^a\/\d{4}(-\d\d){5}-[0-9A-F]{16}$/);
  for (const line of lines) {
    assert.is(line.length, 26, line.join(' '));
    assert.is(line[1], 'source');
    assert.is(line[3], '127.0.0.1');
  }
  const told = lines.map((line) => [line[6], line[7], line[9], line[10]].join(' '));
  assert.equal(told, expected);
});

log('a line tells sizes, who asked, and how', async () => {
  using at = place();
  const url = await requestsOf(at);

  const { lines } = await loggedIn(at);
  const [, put, range, , missing, , , copied] = lines;
  const [presigned, unsigned] = lines.slice(-2);
  const host = new URL(url).host;
  assert.equal(put?.slice(11, 13), ['-', '11']);
  assert.equal(range?.slice(11, 13), ['4', '11']);
  assert.equal(missing?.[12], '-');
  assert.equal(copied?.slice(11, 13), ['-', '11']);
  assert.match(put?.[4] ?? '', /^[0-9a-f]{64}$/);
  assert.is(put?.[0], put?.[4], 'root owns it, and asked');
  assert.match(put?.[16] ?? '', /^"aws-sdk-js/);
  assert.match(put?.[13] ?? '', /^\d+$/);
  assert.match(put?.[14] ?? '', /^\d+$/);
  assert.equal(put?.slice(19), ['SigV4', '-', 'AuthHeader', host, '-', '-', '-']);
  assert.equal(presigned?.slice(19, 22), ['SigV4', '-', 'QueryString']);
  assert.match(presigned?.[8] ?? '', '&X-Amz-Signature=REDACTED&');
  assert.is(unsigned?.[4], '-');
  assert.equal(unsigned?.slice(19, 22), ['-', '-', '-']);
});

log('what a stop cuts off stands in the log, without an answer', async () => {
  using at = place();
  await using server = await Served.start(['--dir', at.dir, '--shutdown-timeout', '0s'], env);
  const client = clientOf(server);
  await switchOn(client);
  client.destroy();
  const failed = once(await putUnderWay(server, '/source/slow'), 'error');
  assert.is(await server.end('SIGTERM'), 0);
  await failed;
  const { lines } = await loggedIn(at);
  assert.is(lines.length, 2);
  assert.equal(lines[1]?.slice(6, 10), [
    ...['REST.PUT.OBJECT', 'slow', '"PUT /source/slow HTTP/1.1"', '-'],
  ]);
});

log('what a lifecycle has done stands in the log of its bucket', async () => {
  using at = place();
  await using server = await Served.start(['--dir', at.dir, '--lifecycle-day', '100ms'], env);
  const client = clientOf(server);
  await switchOn(client);
  const Bucket = 'source';
  const VersioningConfiguration = { Status: 'Enabled' } as const;
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  const { VersionId } = await client.send(new PutObjectCommand({ Bucket, Key: 'old k' }));
  const expiring = { Expiration: { Days: 1 }, NoncurrentVersionExpiration: { NoncurrentDays: 1 } };
  const rule = { ID: 'all', Status: 'Enabled', Filter: { Prefix: '' }, ...expiring } as const;
  const LifecycleConfiguration = { Rules: [rule] };
  const lifecycle = { Bucket, LifecycleConfiguration };
  await client.send(new PutBucketLifecycleConfigurationCommand(lifecycle));
  const list = new ListObjectVersionsCommand({ Bucket });
  for (;;) {
    const { Versions, DeleteMarkers } = await client.send(list);
    if (Versions === undefined && DeleteMarkers === undefined) break;
  }
  client.destroy();
  assert.is(await server.end('SIGTERM'), 0);

  const { lines } = await loggedIn(at);
  const done = lines.filter((line) => line[4] === 'AmazonS3');
  assert.equal(
    done.map((line) => `${line[6]} ${line[7]}`),
    ['S3.CREATE.DELETEMARKER old%20k', 'S3.EXPIRE.OBJECT old%20k', 'S3.EXPIRE.OBJECT old%20k'],
  );
  for (const line of done) assert.is(line.length, 26);
  assert.is(done[1]?.[17], VersionId);
});

log(
  'while the server runs lines are put after the interval, and deliveries are no requests',
  async () => {
    using at = place();
    const args = ['--dir', at.dir, '--access-log-interval', '100ms'];
    await using server = await Served.start(args, env);
    const client = clientOf(server);
    await switchOn(client);
    const toItself = { TargetBucket: 'logs', TargetPrefix: 'own/' };
    const BucketLoggingStatus = { LoggingEnabled: toItself };
    await client.send(new PutBucketLoggingCommand({ Bucket: 'logs', BucketLoggingStatus }));
    const own = new ListObjectsV2Command({ Bucket: 'logs', Prefix: 'own/' });
    for (let found = 0; found === 0; ) found = (await client.send(own)).KeyCount ?? 0;
    client.destroy();
    assert.is(await server.end('SIGTERM'), 0);
    const { lines } = await loggedIn(at);
    assert.ok(lines.length >= 3);
    const operations = new Set(lines.map((line) => line[6]));
    assert.equal([...operations], ['REST.PUT.LOGGING_STATUS', 'REST.GET.BUCKET']);
  },
);

log(
  'a policy of the target that denies the service keeps logs out, and a log line says so',
  async () => {
    using at = place();
    await using server = await Served.start(['--dir', at.dir], env);
    const client = clientOf(server);
    await switchOn(client);
    const Policy = {
      Version: '2012-10-17',
      Statement: {
        ...{ Effect: 'Deny', Principal: { Service: 'logging.s3.amazonaws.com' } },
        ...{ Action: 's3:PutObject', Resource: 'arn:aws:s3:::logs/a/*' },
      },
    };
    const policy = { Bucket: 'logs', Policy: JSON.stringify(Policy) };
    await client.send(new PutBucketPolicyCommand(policy));
    await client.send(new PutObjectCommand({ Bucket: 'source', Key: 'k', Body: 'x' }));
    client.destroy();
    assert.is(await server.end('SIGTERM'), 0);
    assert.match(server.log, 'access log not delivered');
    assert.match(server.log, "The target's policy denies logging.s3.amazonaws.com.");
    assert.equal((await loggedIn(at)).keys, []);
  },
);

log.run();
