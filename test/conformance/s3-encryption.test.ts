import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketEncryptionCommand,
  type EncryptionType,
  GetBucketEncryptionCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutBucketEncryptionCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { codeOf, failureOf, type S3Place, s3Place } from '../e2e/s3-place.js';

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/serv-side-encryption.html */
const encryption = suite('encryption over S3');

let at: S3Place;
const Bucket = 'sealed';
encryption.before(async () => {
  at = await s3Place();
  await at.client.send(new CreateBucketCommand({ Bucket }));
});
encryption.after(() => at.close());

interface CustomerKey {
  readonly SSECustomerAlgorithm: string;
  readonly SSECustomerKey: string;
  readonly SSECustomerKeyMD5: string;
}

function customerKey(): CustomerKey {
  const key = randomBytes(32);
  return {
    SSECustomerAlgorithm: 'AES256',
    SSECustomerKey: key.toString('base64'),
    SSECustomerKeyMD5: createHash('md5').update(key).digest('base64'),
  };
}

function ofSource(key: CustomerKey): object {
  return {
    CopySourceSSECustomerAlgorithm: key.SSECustomerAlgorithm,
    CopySourceSSECustomerKey: key.SSECustomerKey,
    CopySourceSSECustomerKeyMD5: key.SSECustomerKeyMD5,
  };
}

async function bytesOf(Key: string, over: object = {}): Promise<Buffer> {
  const got = await at.client.send(new GetObjectCommand({ Bucket, Key, ...over }));
  return Buffer.from((await got.Body?.transformToByteArray()) ?? []);
}

const put = (Key: string, Body: Uint8Array | string, over: object = {}) =>
  at.client.send(new PutObjectCommand({ Bucket, Key, Body, ...over }));
const md5Of = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex');
const frame = 262_128;
const sizes = [0, 1, 13, 65_519, 65_520, 65_521, 65_537, frame - 1, frame, frame + 1, 2 * frame];

/** Whether these bytes stand anywhere in the store's directory. */
function liesOnDisk(bytes: Uint8Array): boolean {
  const log = join(at.directory, 'log');
  return readdirSync(log).some((name) =>
    readFileSync(join(log, name)).includes(Buffer.from(bytes)),
  );
}

for (const sizeBytes of sizes)
  encryption(`SSE-S3 gives back ${sizeBytes} bytes, with the MD5 of the plaintext`, async () => {
    const body = randomBytes(sizeBytes);
    const made = await put(`s3-${sizeBytes}`, body, { ServerSideEncryption: 'AES256' });
    assert.is(made.ServerSideEncryption, 'AES256');
    assert.is(made.ETag, `"${md5Of(body)}"`);
    assert.ok((await bytesOf(`s3-${sizeBytes}`)).equals(body));
    const head = await at.client.send(new HeadObjectCommand({ Bucket, Key: `s3-${sizeBytes}` }));
    assert.is(head.ServerSideEncryption, 'AES256');
    assert.is(head.ContentLength, sizeBytes);
    if (sizeBytes > 12) assert.not(liesOnDisk(body.subarray(0, 13)));
  });

encryption('what is not encrypted lies as it is, so that the check above can fail', async () => {
  const body = randomBytes(100);
  await put('plain', body);
  assert.ok(liesOnDisk(body));
});

for (const sizeBytes of sizes)
  encryption(`SSE-C gives back ${sizeBytes} bytes to who has the key`, async () => {
    const [Key, key, body] = [`c-${sizeBytes}`, customerKey(), randomBytes(sizeBytes)];
    const made = await put(Key, body, key);
    assert.is(made.SSECustomerAlgorithm, 'AES256');
    assert.is(made.SSECustomerKeyMD5, key.SSECustomerKeyMD5);
    assert.is.not(made.ETag, `"${md5Of(body)}"`);
    assert.ok((await bytesOf(Key, key)).equals(body));
    const head = await at.client.send(new HeadObjectCommand({ Bucket, Key, ...key }));
    assert.is(head.ContentLength, sizeBytes);
    assert.is(head.ETag, made.ETag);
  });

encryption('ranges read over the edges of frames', async () => {
  const [key, body] = [customerKey(), randomBytes(2 * frame + 1000)];
  await put('ranged', body, key);
  for (const [first, last] of [
    [0, 0],
    [frame - 1, frame],
    [frame, frame],
    [5, 2 * frame + 3],
    [2 * frame, 2 * frame + 999],
  ] as const) {
    const got = await bytesOf('ranged', { ...key, Range: `bytes=${first}-${last}` });
    assert.ok(got.equals(body.subarray(first, last + 1)), `${first}-${last}`);
  }
});

encryption('a key that is wrong is 403, one that is missing or not asked for 400', async () => {
  const [key, other] = [customerKey(), customerKey()];
  await put('kept', 'a secret', key);
  await put('open', 'no secret');
  const target = '/sealed/kept';
  assert.is(await failureOf(bytesOf('kept', other)), 'AccessDenied');
  const missing = await at.send({ method: 'GET', target });
  assert.is(missing.status, 400);
  assert.is(codeOf(missing), 'InvalidRequest');
  assert.is((await at.send({ method: 'HEAD', target })).status, 400);
  const range = { range: 'bytes=0-1' };
  assert.is((await at.send({ method: 'GET', target, headers: range })).status, 400);
  assert.is(await failureOf(bytesOf('open', key)), 'InvalidRequest');
  const attributes = { Bucket, Key: 'kept', ObjectAttributes: ['ETag' as const] };
  const described = at.client.send(new GetObjectAttributesCommand(attributes));
  assert.is(await failureOf(described), 'InvalidRequest');
});

const good = customerKey();
const names = 'x-amz-server-side-encryption-customer-';
for (const [what, code, headers] of [
  ['no MD5', 'InvalidArgument', { algorithm: 'AES256', key: good.SSECustomerKey }],
  ['no key', 'InvalidArgument', { algorithm: 'AES256', 'key-md5': good.SSECustomerKeyMD5 }],
  [
    'no algorithm',
    'InvalidArgument',
    { key: good.SSECustomerKey, 'key-md5': good.SSECustomerKeyMD5 },
  ],
  [
    'another MD5',
    'InvalidArgument',
    {
      algorithm: 'AES256',
      key: good.SSECustomerKey,
      'key-md5': customerKey().SSECustomerKeyMD5,
    },
  ],
  [
    'a short key',
    'InvalidArgument',
    {
      algorithm: 'AES256',
      key: Buffer.from('short').toString('base64'),
      'key-md5': createHash('md5').update('short').digest('base64'),
    },
  ],
  [
    'another algorithm',
    'InvalidEncryptionAlgorithmError',
    { algorithm: 'DES', key: good.SSECustomerKey, 'key-md5': good.SSECustomerKeyMD5 },
  ],
] as const)
  encryption(`SSE-C with ${what} is refused, and stores nothing`, async () => {
    const named = Object.entries(headers).map(([name, value]) => [names + name, value] as const);
    const target = '/sealed/refused';
    const body = 'x';
    const sent = { method: 'PUT', target, body, headers: Object.fromEntries(named) };
    const answer = await at.send(sent);
    assert.is(answer.status, 400);
    assert.is(codeOf(answer), code);
    assert.is((await at.send({ method: 'GET', target })).status, 404);
  });

encryption('methods that are not there, or do not go together, are refused', async () => {
  const kms = put('x', 'x', { ServerSideEncryption: 'aws:kms' });
  assert.is(await failureOf(kms), 'NotImplemented');
  const headers = { 'x-amz-server-side-encryption': 'ROT13' };
  const unknown = await at.send({ method: 'PUT', target: '/sealed/x', headers, body: 'x' });
  assert.is(codeOf(unknown), 'InvalidArgument');
  const both = put('x', 'x', { ServerSideEncryption: 'AES256', ...customerKey() });
  assert.is(await failureOf(both), 'InvalidArgument');
  const onGet = await at.send({
    ...{ method: 'GET', target: '/sealed/plain' },
    headers: { 'x-amz-server-side-encryption': 'AES256' },
  });
  assert.is(codeOf(onGet), 'InvalidArgument');
});

encryption(
  'named keys serve aws:kms, whole and by default; an unknown name is refused',
  async () => {
    await using named = await s3Place({ kmsKeys: 'testkey-1,arn:aws:kms:eu-west-1:1:key/2' });
    const { client } = named;
    await client.send(new CreateBucketCommand({ Bucket }));
    const kms = { ServerSideEncryption: 'aws:kms' as const };
    const sent = (Key: string, over: object) =>
      client.send(new PutObjectCommand({ Bucket, Key, Body: 'a secret', ...over }));
    const made = await sent('first', kms);
    assert.is(made.ServerSideEncryption, 'aws:kms');
    assert.is(made.SSEKMSKeyId, 'testkey-1');
    const other = 'arn:aws:kms:eu-west-1:1:key/2';
    assert.is((await sent('second', { ...kms, SSEKMSKeyId: other })).SSEKMSKeyId, other);
    const unknown = sent('third', { ...kms, SSEKMSKeyId: 'testkey-9' });
    assert.is(await failureOf(unknown), 'KMS.NotFoundException');
    const byDefault = { SSEAlgorithm: 'aws:kms' as const, KMSMasterKeyID: other };
    const Rules = [{ ApplyServerSideEncryptionByDefault: byDefault, BucketKeyEnabled: true }];
    const configured = { Bucket, ServerSideEncryptionConfiguration: { Rules } };
    await client.send(new PutBucketEncryptionCommand(configured));
    const found = await client.send(new GetBucketEncryptionCommand({ Bucket }));
    assert.equal(found.ServerSideEncryptionConfiguration?.Rules, Rules);
    assert.is((await sent('fourth', {})).SSEKMSKeyId, other);
    for (const [Key, keyId] of [
      ['first', 'testkey-1'],
      ['second', other],
      ['fourth', other],
    ] as const) {
      const got = await client.send(new GetObjectCommand({ Bucket, Key }));
      assert.is(got.SSEKMSKeyId, keyId);
      assert.is(await got.Body?.transformToString(), 'a secret');
    }
    const copy = { Bucket, Key: 'copy', CopySource: `${Bucket}/first` };
    await client.send(new CopyObjectCommand({ ...copy, ServerSideEncryption: 'AES256' }));
    const copied = await client.send(new GetObjectCommand({ Bucket, Key: 'copy' }));
    assert.is(copied.ServerSideEncryption, 'AES256');
    assert.is(await copied.Body?.transformToString(), 'a secret');
    assert.is(await failureOf(s3Place({ kmsKeys: 'a b' })), 'LogStoreError');
  },
);

encryption('SSE-C is refused over plain HTTP where it is configured so', async () => {
  await using strict = await s3Place({ customerKeysOverHttp: 'no' });
  await strict.client.send(new CreateBucketCommand({ Bucket }));
  const sent = strict.client.send(
    new PutObjectCommand({ Bucket, Key: 'k', Body: 'x', ...customerKey() }),
  );
  assert.is(await failureOf(sent), 'InvalidRequest');
});

const kinds = [
  { name: 'plain', write: {}, read: {}, source: {} },
  { name: 's3', write: { ServerSideEncryption: 'AES256' }, read: {}, source: {} },
  { name: 'c', write: good, read: good, source: ofSource(good) },
] as const;
const target = customerKey();
for (const from of kinds)
  for (const to of [...kinds, { name: 'other', write: target, read: target }] as const)
    for (const sizeBytes of [1000, 300_000])
      encryption(`copies ${sizeBytes} bytes from ${from.name} to ${to.name}`, async () => {
        const body = randomBytes(sizeBytes);
        const [Key, copy] = [`from-${from.name}`, `to-${to.name}`];
        await put(Key, body, { ...from.write, Metadata: { colour: 'blue' } });
        const CopySource = `${Bucket}/${Key}`;
        await at.client.send(
          new CopyObjectCommand({ Bucket, Key: copy, CopySource, ...to.write, ...from.source }),
        );
        assert.ok((await bytesOf(copy, to.read)).equals(body));
        const asked = new HeadObjectCommand({ Bucket, Key: copy, ...to.read });
        assert.equal((await at.client.send(asked)).Metadata, { colour: 'blue' });
        assert.is(liesOnDisk(body.subarray(0, 64)), from.name === 'plain' || to.name === 'plain');
        const begin = new CreateMultipartUploadCommand({ Bucket, Key: copy, ...to.write });
        const { UploadId } = await at.client.send(begin);
        const part = { Bucket, Key: copy, UploadId, PartNumber: 1, CopySource };
        const ofPart = to.name === 'plain' || to.name === 's3' ? {} : to.write;
        const { CopyPartResult } = await at.client.send(
          new UploadPartCopyCommand({ ...part, ...ofPart, ...from.source }),
        );
        const Parts = [{ PartNumber: 1, ETag: CopyPartResult?.ETag }];
        const complete = { Bucket, Key: copy, UploadId, MultipartUpload: { Parts } };
        await at.client.send(new CompleteMultipartUploadCommand(complete));
        assert.ok((await bytesOf(copy, to.read)).equals(body));
      });

encryption('a copy on itself may change the encryption alone', async () => {
  const body = randomBytes(500);
  await put('itself', body);
  const CopySource = `${Bucket}/itself`;
  await at.client.send(
    new CopyObjectCommand({ Bucket, Key: 'itself', CopySource, ServerSideEncryption: 'AES256' }),
  );
  assert.ok((await bytesOf('itself')).equals(body));
});

encryption("a bucket's default encrypts what says nothing itself", async () => {
  const own = 'by-default';
  await at.client.send(new CreateBucketCommand({ Bucket: own }));
  const get = () => at.client.send(new GetBucketEncryptionCommand({ Bucket: own }));
  assert.is(await failureOf(get()), 'ServerSideEncryptionConfigurationNotFoundError');
  const rule = (SSEAlgorithm: 'AES256' | 'aws:kms') =>
    new PutBucketEncryptionCommand({
      Bucket: own,
      ServerSideEncryptionConfiguration: {
        Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm } }],
      },
    });
  assert.is(await failureOf(at.client.send(rule('aws:kms'))), 'NotImplemented');
  await at.client.send(rule('AES256'));
  const [found] = (await get()).ServerSideEncryptionConfiguration?.Rules ?? [];
  assert.is(found?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm, 'AES256');
  const body = randomBytes(99);
  const made = await at.client.send(new PutObjectCommand({ Bucket: own, Key: 'k', Body: body }));
  assert.is(made.ServerSideEncryption, 'AES256');
  assert.not(liesOnDisk(body));
  await at.client.send(new DeleteBucketEncryptionCommand({ Bucket: own }));
  await at.client.send(new DeleteBucketEncryptionCommand({ Bucket: own }));
  assert.is(await failureOf(get()), 'ServerSideEncryptionConfigurationNotFoundError');
  const got = await at.client.send(new GetObjectCommand({ Bucket: own, Key: 'k' }));
  assert.equal(Buffer.from((await got.Body?.transformToByteArray()) ?? []), body);
});

encryption('a bucket may refuse keys of customers, and goes on to read what is there', async () => {
  const own = 'no-customers';
  await at.client.send(new CreateBucketCommand({ Bucket: own }));
  const [Key, CopySource] = ['k', `${own}/k`];
  const write = { Bucket: own, Key, Body: 'x', ...good };
  await at.client.send(new PutObjectCommand(write));
  const begin = new CreateMultipartUploadCommand({ Bucket: own, Key: 'upload', ...good });
  const { UploadId } = await at.client.send(begin);
  const block = async (...EncryptionType: EncryptionType[]) => {
    const Rules = [{ BlockedEncryptionTypes: { EncryptionType } }];
    const ServerSideEncryptionConfiguration = { Rules };
    const rule = { Bucket: own, ServerSideEncryptionConfiguration };
    await at.client.send(new PutBucketEncryptionCommand(rule));
    const got = await at.client.send(new GetBucketEncryptionCommand({ Bucket: own }));
    const [found] = got.ServerSideEncryptionConfiguration?.Rules ?? [];
    assert.equal(found?.BlockedEncryptionTypes?.EncryptionType, EncryptionType);
    assert.is(found?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm, 'AES256');
  };
  await block('SSE-C');
  const part = { Bucket: own, Key: 'upload', UploadId, PartNumber: 1, ...good };
  const copied = { CopySource, ...ofSource(good) };
  const writes = [
    () => at.client.send(new PutObjectCommand(write)),
    () => at.client.send(new CopyObjectCommand({ Bucket: own, Key: 'c', ...copied, ...good })),
    () => at.client.send(new CreateMultipartUploadCommand({ Bucket: own, Key, ...good })),
    () => at.client.send(new UploadPartCommand({ ...part, Body: 'x' })),
    () => at.client.send(new UploadPartCopyCommand({ ...part, ...copied })),
  ];
  for (const send of writes) assert.is(await failureOf(send()), 'AccessDenied');
  await at.client.send(new HeadObjectCommand({ Bucket: own, Key, ...good }));
  await at.client.send(new CopyObjectCommand({ Bucket: own, Key: 'c', ...copied }));
  await block('NONE');
  for (const send of writes) await send();
});

for (const blocked of ['', '<EncryptionType/>', '<EncryptionType>SSE-S3</EncryptionType>'])
  encryption(`${blocked || 'nothing'} is not blocked`, async () => {
    const rule = `<Rule><BlockedEncryptionTypes>${blocked}</BlockedEncryptionTypes></Rule>`;
    const name = 'ServerSideEncryptionConfiguration';
    const sent = {
      method: 'PUT',
      target: '/sealed?encryption',
      body: `<${name}>${rule}</${name}>`,
    };
    assert.is(codeOf(await at.send(sent)), 'MalformedXML');
  });

for (const document of ['<', '<x/>', '<ServerSideEncryptionConfiguration/>', '<!DOCTYPE a>'])
  encryption(`a default encryption of ${JSON.stringify(document)} is malformed`, async () => {
    const sent = { method: 'PUT', target: '/sealed?encryption', body: document };
    const answer = await at.send(sent);
    assert.is(answer.status, 400);
    assert.is(codeOf(answer), 'MalformedXML');
  });

encryption('nobody without a signature asks for any of it', async () => {
  for (const method of ['GET', 'PUT', 'DELETE']) {
    const answer = await at.sendUnsigned({ method, target: '/sealed?encryption' });
    assert.is(answer.status, 403, method);
  }
});

encryption('no bucket, no default encryption', async () => {
  const nowhere = { Bucket: 'nowhere' };
  const get = at.client.send(new GetBucketEncryptionCommand(nowhere));
  assert.is(await failureOf(get), 'NoSuchBucket');
  const remove = at.client.send(new DeleteBucketEncryptionCommand(nowhere));
  assert.is(await failureOf(remove), 'NoSuchBucket');
});

encryption.run();
