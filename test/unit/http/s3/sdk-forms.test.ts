import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
  type ChecksumAlgorithm as SdkAlgorithm,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Authentication, SigV4Verifier } from '../../../../src/auth/sigv4.js';
import { digestNow } from '../../../../src/digest/body-digest.js';
import {
  type ChecksumClaims,
  readChecksumClaims,
} from '../../../../src/http/s3/checksum-headers.js';
import { ChunkedBody } from '../../../../src/http/s3/chunked-body.js';

/** What the AWS SDK really sends, read by our parsers. */
const forms = suite('forms of the AWS SDK');
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a secret of some length' };
const keys = ['plain', 'a b+c=d&e', 'é/ü//..', "~*'();:@?#[]!$,%", '日本語', 'x'.repeat(300)];

interface Received {
  readonly authentication: Authentication;
  readonly claims: ChecksumClaims;
  readonly body: Buffer;
  readonly trailers: Readonly<Record<string, string>>;
  readonly request: IncomingMessage;
}

/** A server that authenticates and decodes whatever it gets, and a client of it. */
async function anEar() {
  const received: Received[] = [];
  const failures: unknown[] = [];
  const server = createServer((request, answer) => {
    receive(request).then(
      (one) => {
        received.push(one);
        answer.end();
      },
      (error: unknown) => {
        failures.push(error);
        answer.writeHead(400).end();
      },
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const endpoint = `http://127.0.0.1:${port}`;
  const clients: S3Client[] = [];
  return {
    client: (config: S3ClientConfig = {}) => {
      const client = new S3Client({
        endpoint,
        region: 'us-east-1',
        credentials,
        forcePathStyle: true,
        maxAttempts: 1,
        ...config,
      });
      clients.push(client);
      return client;
    },
    last: (): Received => {
      assert.equal(failures, []);
      const last = received.at(-1);
      assert.ok(last);
      return last;
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.destroy();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function receive(request: IncomingMessage): Promise<Received> {
  const { method = '', url = '', headers } = request;
  const question = url.indexOf('?');
  const rawPath = question === -1 ? url : url.slice(0, question);
  const rawQuery = question === -1 ? '' : url.slice(question + 1);
  const verifier = new SigV4Verifier({
    region: 'us-east-1',
    secretOf: (id) => (id === credentials.accessKeyId ? credentials.secretAccessKey : undefined),
  });
  const signable = { method, rawPath, rawQuery, headers };
  const authentication = verifier.verify(signable, Date.now());
  const claims = readChecksumClaims(headers);
  const chunks = authentication.is !== 'refused' && authentication.payload.is === 'unsigned-chunks';
  if (!chunks) return { authentication, claims, body: await all(request), trailers: {}, request };
  const body = new ChunkedBody(request, {
    decodedBytes: Number(headers['x-amz-decoded-content-length']),
    trailers: claims.trailer === undefined ? [] : [String(headers['x-amz-trailer'])],
  });
  const decoded = await all(body);
  return {
    authentication,
    claims,
    body: decoded,
    trailers: Object.fromEntries(body.trailers),
    request,
  };
}

async function all(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(Uint8Array.from(piece));
  return Buffer.concat(pieces);
}

function payloadOf({ authentication }: Received) {
  assert.ok(authentication.is === 'authenticated', JSON.stringify(authentication));
  return authentication.payload;
}

forms('signatures of the SDK verify for every kind of key', async () => {
  await using ear = await anEar();
  const client = ear.client();
  for (const Key of keys) {
    await client.send(new GetObjectCommand({ Bucket: 'bucket', Key, Range: 'bytes=0-1' }));
    assert.is(payloadOf(ear.last()).is, 'sha256', Key);
    const list = { Bucket: 'bucket', Prefix: Key, Delimiter: '/', StartAfter: Key };
    await client.send(new ListObjectsV2Command(list));
    assert.is(payloadOf(ear.last()).is, 'sha256', Key);
  }
});

forms('URLs presigned by the SDK verify, and only for their method and headers', async () => {
  await using ear = await anEar();
  const client = ear.client({ requestChecksumCalculation: 'WHEN_REQUIRED' });
  for (const Key of keys.filter((key) => !key.includes('..'))) {
    // fetch takes those away
    const object = { Bucket: 'bucket', Key };
    await fetch(await getSignedUrl(client, new GetObjectCommand(object), { expiresIn: 60 }));
    assert.is(payloadOf(ear.last()).is, 'unsigned', Key);
    const put = new PutObjectCommand({
      ...object,
      Metadata: { a: 'b' },
      ContentType: 'text/plain',
    });
    const url = await getSignedUrl(client, put, { expiresIn: 60 });
    await fetch(url, { method: 'PUT', body: 'hello', headers: { 'content-type': 'text/plain' } });
    assert.is(payloadOf(ear.last()).is, 'unsigned', Key);
    assert.is(ear.last().body.toString(), 'hello');
    await fetch(url, { method: 'DELETE' });
    const { authentication } = ear.last();
    assert.ok(authentication.is === 'refused' && authentication.code === 'SignatureDoesNotMatch');
  }
});

const body = Buffer.alloc(200_000, 'some body ');
for (const algorithm of ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const) {
  const expected = digestNow(body, { md5: false, sha256: false, checksum: algorithm }).checksum;
  const put = (Body: Buffer | Readable) =>
    new PutObjectCommand({
      Bucket: 'bucket',
      Key: 'key',
      Body,
      ContentLength: body.length,
      ChecksumAlgorithm: algorithm satisfies SdkAlgorithm,
    });

  forms(`a buffer comes with its ${algorithm} in a header`, async () => {
    await using ear = await anEar();
    await ear.client().send(put(body));
    const { claims } = ear.last();
    assert.is(payloadOf(ear.last()).is, 'sha256');
    assert.ok(ear.last().body.equals(body));
    assert.is(claims.algorithm, algorithm);
    assert.is(claims.trailer, undefined);
    assert.equal(Buffer.from(claims.checksum?.value ?? []), Buffer.from(expected ?? []));
  });

  forms(`a stream comes in chunks with its ${algorithm} in a trailer`, async () => {
    await using ear = await anEar();
    const pieces = Array.from({ length: 40 }, (_, at) =>
      body.subarray(at * 5000, at * 5000 + 5000),
    );
    await ear.client().send(put(Readable.from(pieces)));
    const { claims, trailers, request } = ear.last();
    assert.is(payloadOf(ear.last()).is, 'unsigned-chunks');
    assert.ok(ear.last().body.equals(body));
    assert.is(claims.trailer, algorithm);
    assert.equal(trailers, {
      [`x-amz-checksum-${algorithm.toLowerCase()}`]: Buffer.from(expected ?? []).toString('base64'),
    });
    assert.is(request.headers['content-encoding'], 'aws-chunked');
  });
}

forms('metadata beyond ASCII verifies as the SDK signs and sends it', async () => {
  await using ear = await anEar();
  const Metadata = { name: 'caf\u00e9', blanks: 'a  b   c' };
  await ear.client().send(new PutObjectCommand({ Bucket: 'bucket', Key: 'key', Metadata }));
  assert.is(payloadOf(ear.last()).is, 'sha256');
});

forms('a batch delete carries a checksum of its document', async () => {
  await using ear = await anEar();
  const Delete = { Objects: [{ Key: 'a' }, { Key: 'b' }] };
  await ear.client().send(new DeleteObjectsCommand({ Bucket: 'bucket', Delete }));
  const { claims, body: document } = ear.last();
  assert.is(claims.algorithm, 'CRC32');
  const { checksum } = digestNow(document, { md5: false, sha256: false, checksum: 'CRC32' });
  assert.equal(Buffer.from(claims.checksum?.value ?? []), Buffer.from(checksum ?? []));
});

forms.run();
