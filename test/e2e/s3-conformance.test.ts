import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { signRequest } from '../../src/auth/sign.js';
import { codeOf, credentials, type S3Place, s3Place } from './s3-place.js';

const conformance = suite('what clients and test suites of S3 look for');

let at: S3Place;
conformance.before(async () => {
  at = await s3Place();
  await at.send({ method: 'PUT', target: '/plain' });
  await at.send({ method: 'PUT', target: '/plain/kept', body: 'eleven byte' });
});
conformance.after(() => at.close());

const get = (target: string, headers: Readonly<Record<string, string>> = {}) =>
  at.send({ method: 'GET', target, headers });

conformance('signed for another region, the answer names the right one', async () => {
  const headers = { host: at.host };
  const request = { method: 'GET', rawPath: '/plain', rawQuery: '', headers };
  const timeMs = Date.now();
  const signing = { accessKeyId: credentials.accessKeyId, secret: credentials.secretAccessKey };
  const options = { credentials: signing, region: 'eu-north-1', timeMs };
  const signed = signRequest(request, 'UNSIGNED-PAYLOAD', options);
  const own = { ...headers, ...signed.headers };
  const answer = await at.sendUnsigned({ method: 'GET', target: '/plain', headers: own });
  assert.is(answer.status, 400);
  assert.is(codeOf(answer), 'AuthorizationHeaderMalformed');
  assert.match(answer.body.toString(), '<Region>us-east-1</Region>');
  assert.is(answer.headers['x-amz-bucket-region'], 'us-east-1');
});

conformance('another malformed Authorization names no region', async () => {
  const headers = { authorization: 'AWS4-HMAC-SHA256 Credential=nothing' };
  const answer = await at.sendUnsigned({ method: 'GET', target: '/plain', headers });
  assert.is(codeOf(answer), 'AuthorizationHeaderMalformed');
  assert.not.match(answer.body.toString(), '<Region>');
});

conformance('a range beyond the object tells its size', async () => {
  const answer = await get('/plain/kept', { range: 'bytes=40-50' });
  assert.is(answer.status, 416);
  assert.is(answer.headers['content-range'], 'bytes */11');
  assert.match(answer.body.toString(), '<RangeRequested>bytes=40-50</RangeRequested>');
  assert.match(answer.body.toString(), '<ActualObjectSize>11</ActualObjectSize>');
});

conformance('the bucket owner that a client expects must be the one', async () => {
  const id = /<ID>([0-9a-f]{64})<\/ID>/.exec((await get('/')).body.toString())?.[1] ?? '';
  const right = { 'x-amz-expected-bucket-owner': id };
  assert.is((await get('/plain?list-type=2', right)).status, 200);
  for (const name of ['x-amz-expected-bucket-owner', 'x-amz-source-expected-bucket-owner']) {
    const headers = { [name]: '111122223333' };
    assert.is(codeOf(await get('/plain?list-type=2', headers)), 'AccessDenied');
    const put = { method: 'PUT', target: '/plain/kept', headers, body: 'other' };
    assert.is(codeOf(await at.send(put)), 'AccessDenied');
  }
  assert.is((await get('/plain/kept')).body.toString(), 'eleven byte');
});

conformance('of list-type there is one: 2', async () => {
  for (const type of ['1', '3', '']) {
    const answer = await get(`/plain?list-type=${type}`);
    assert.is(answer.status, 400);
    assert.is(codeOf(answer), 'InvalidArgument');
  }
});

for (const [query, document] of [
  ['logging', '<BucketLoggingStatus/>'],
  [
    'requestPayment',
    '<RequestPaymentConfiguration><Payer>BucketOwner</Payer></RequestPaymentConfiguration>',
  ],
] as const)
  conformance(`what ${query} is anyway can be set`, async () => {
    const put = (target: string) => at.send({ method: 'PUT', target, body: document });
    assert.is((await put(`/plain?${query}`)).status, 200);
    assert.is((await get(`/plain?${query}`)).status, 200);
    assert.is(codeOf(await put(`/no-such-bucket?${query}`)), 'NoSuchBucket');
  });

conformance('another requestPayment is NotImplemented', async () => {
  const body =
    '<RequestPaymentConfiguration><Payer>Requester</Payer></RequestPaymentConfiguration>';
  const answer = await at.send({ method: 'PUT', target: '/plain?requestPayment', body });
  assert.is(codeOf(answer), 'NotImplemented');
});

conformance('a bucket without replication says so', async () => {
  const answer = await get('/plain?replication');
  assert.is(answer.status, 404);
  assert.is(codeOf(answer), 'ReplicationConfigurationNotFoundError');
  assert.is(codeOf(await get('/no-such-bucket?replication')), 'NoSuchBucket');
});

conformance('a delete marker, named by its id, can only be deleted', async () => {
  const enabled = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>';
  await at.send({ method: 'PUT', target: '/marked' });
  await at.send({ method: 'PUT', target: '/marked?versioning', body: enabled });
  await at.send({ method: 'PUT', target: '/marked/k', body: 'x' });
  const { headers } = await at.send({ method: 'DELETE', target: '/marked/k' });
  const marker = `/marked/k?versionId=${headers['x-amz-version-id']}`;
  const found = await get(marker);
  assert.is(found.status, 405);
  assert.is(found.headers.allow, 'DELETE');
  assert.is(found.headers['x-amz-delete-marker'], 'true');
  const copied = { 'x-amz-copy-source': marker };
  const copy = await at.send({ method: 'PUT', target: '/marked/copy', headers: copied });
  assert.is(copy.status, 400);
  assert.is(codeOf(copy), 'InvalidRequest');
  const { body } = await at.send({ method: 'POST', target: '/marked/mp?uploads' });
  const uploadId = /<UploadId>([^<]+)/.exec(body.toString())?.[1];
  const target = `/marked/mp?partNumber=1&uploadId=${uploadId}`;
  const part = await at.send({ method: 'PUT', target, headers: copied });
  assert.is(codeOf(part), 'InvalidRequest');
});

conformance('an object is copied onto itself where its storage class is named', async () => {
  const headers = { 'x-amz-copy-source': '/plain/kept', 'x-amz-storage-class': 'STANDARD' };
  const copy = await at.send({ method: 'PUT', target: '/plain/kept', headers });
  assert.is(copy.status, 200);
  assert.is((await get('/plain/kept')).body.toString(), 'eleven byte');
});

conformance('a part with another checksum than its upload is InvalidRequest', async () => {
  const headers = { 'x-amz-checksum-algorithm': 'CRC32C' };
  const begun = await at.send({ method: 'POST', target: '/plain/mp?uploads', headers });
  const uploadId = /<UploadId>([^<]+)/.exec(begun.body.toString())?.[1];
  const target = `/plain/mp?partNumber=1&uploadId=${uploadId}`;
  const other = { 'x-amz-checksum-crc32': 'AAAAAA==' };
  const part = await at.send({ method: 'PUT', target, headers: other, body: '' });
  assert.is(codeOf(part), 'InvalidRequest');
  assert.match(part.body.toString(), 'expected checksum Type: crc32c, actual checksum Type: crc32');
});

for (const [what, tags, code] of [
  ['letters of any script and the signs of S3', '\u00fc \u65e5 a-z_0.9:/=+@', undefined],
  ['other signs', 'a!', 'InvalidTag'],
  ['line ends', 'a&#10;b', 'InvalidTag'],
] as const)
  conformance(`tags may hold ${what}: ${code ?? 'yes'}`, async () => {
    const tag = `<Tag><Key>${tags}</Key><Value>${tags}</Value></Tag>`;
    const body = `<Tagging><TagSet>${tag}</TagSet></Tagging>`;
    const answer = await at.send({ method: 'PUT', target: '/plain/kept?tagging', body });
    assert.is(codeOf(answer), code);
  });

conformance.run();
