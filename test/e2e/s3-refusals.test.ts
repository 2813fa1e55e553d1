import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { operations } from '../../src/http/s3/operations.js';
import { codeOf, type S3Place, s3Place } from './s3-place.js';

const refusals = suite('what is not served over S3');

let at: S3Place;
refusals.before(async () => {
  at = await s3Place();
  await at.send({ method: 'PUT', target: '/plain' });
  await at.send({ method: 'PUT', target: '/plain/kept', body: 'kept' });
});
refusals.after(() => at.close());

async function nothingHasChanged(): Promise<void> {
  const { body } = await at.send({ method: 'GET', target: '/plain/kept' });
  assert.is(body.toString(), 'kept');
  const listed = await at.send({ method: 'GET', target: '/plain?list-type=2' });
  assert.match(listed.body.toString(), '<KeyCount>1</KeyCount>');
}

const paths = { service: '/', bucket: '/plain', object: '/plain/kept' } as const;

for (const { name, method, scope, query, handle } of operations) {
  if (handle !== undefined) continue;
  refusals(`${name} is NotImplemented, and changes nothing`, async () => {
    const target = `${paths[scope]}?${query.join('&')}`;
    const answer = await at.send({ method, target, ...(method === 'GET' ? {} : { body: '<x/>' }) });
    assert.is(answer.status, 501);
    assert.is(codeOf(answer), 'NotImplemented');
    await nothingHasChanged();
  });
}

for (const [name, value] of [
  ['x-amz-server-side-encryption', 'aws:kms'],
  ['x-amz-storage-class', 'GLACIER'],
  ['x-amz-write-offset-bytes', '4'],
] as const)
  refusals(`a PUT with ${name} is NotImplemented, and changes nothing`, async () => {
    const headers = { [name]: value };
    const answer = await at.send({ method: 'PUT', target: '/plain/kept', headers, body: 'other' });
    assert.is(answer.status, 501);
    assert.is(codeOf(answer), 'NotImplemented');
    await nothingHasChanged();
  });

refusals('versions that no bucket without versions has are refused under every verb', async () => {
  for (const method of ['GET', 'HEAD', 'DELETE']) {
    const other = await at.send({ method, target: '/plain/kept?versionId=abc' });
    assert.is(other.status, 400, method);
  }
  const same = await at.send({ method: 'GET', target: '/plain/kept?versionId=null' });
  assert.is(same.body.toString(), 'kept');
  const headers = { 'x-amz-copy-source': '/plain/kept?versionId=abc' };
  const copy = await at.send({ method: 'PUT', target: '/plain/copy', headers });
  assert.is(copy.status, 400);
  await nothingHasChanged();
});

refusals('parameters that S3 does not know are ignored, as S3 does', async () => {
  const answer = await at.send({ method: 'GET', target: '/plain/kept?x-id=GetObject&what=ever' });
  assert.is(answer.body.toString(), 'kept');
});

refusals('methods that S3 does not have are not allowed', async () => {
  for (const [method, target] of [
    ['PATCH', '/plain/kept'],
    ['POST', '/plain/kept'],
    ['PUT', '/'],
  ] as const) {
    const answer = await at.send({ method, target, body: 'x' });
    assert.ok(answer.status === 405 || answer.status === 501, `${method}: ${answer.status}`);
  }
  await nothingHasChanged();
});

const errors = suite('errors over S3');
errors.before(async () => {
  at = await s3Place();
  await at.send({ method: 'PUT', target: '/plain' });
});
errors.after(() => at.close());

errors('are XML that names the resource and the request', async () => {
  const answer = await at.send({ method: 'GET', target: '/plain/a%3C%26%3Eb%0D%0Ac' });
  assert.is(answer.status, 404);
  assert.is(answer.headers['content-type'], 'application/xml');
  const text = answer.body.toString();
  const key = 'a&lt;&amp;&gt;b&#xd;&#xa;c';
  assert.match(text, /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<Error><Code>NoSuchKey<\/Code>/);
  assert.match(text, `<Key>${key}</Key>`);
  assert.match(text, `<Resource>/plain/${key}</Resource>`);
  assert.match(text, `<RequestId>${answer.headers['x-amz-request-id']}</RequestId>`);
  assert.match(text, `<HostId>${answer.headers['x-amz-id-2']}</HostId>`);
});

errors('of a HEAD have no body', async () => {
  for (const target of ['/plain/nothing', '/no-such-bucket', '/plain/x?acl'])
    assert.is((await at.send({ method: 'HEAD', target })).body.length, 0);
});

errors('each answer has a request id of its own', async () => {
  const ids = new Set<unknown>();
  for (let count = 0; count < 20; count += 1)
    ids.add((await at.send({ method: 'GET', target: '/' })).headers['x-amz-request-id']);
  assert.is(ids.size, 20);
});

errors('faults 105: a key with line ends is one line of the log', async () => {
  await at.send({ method: 'GET', target: '/plain/a%0A%7B%22forged%22%3Atrue%7D' });
  const line = at.log.find(({ key }) => key === 'a\n{"forged":true}');
  assert.is(line?.operation, 'GetObject');
  assert.is(line?.status, 404);
  assert.is(line?.code, 'NoSuchKey');
});

for (const [what, target, method, code] of [
  ['GET', '/no-such-bucket/k', 'GET', 'NoSuchBucket'],
  ['PUT', '/no-such-bucket/k', 'PUT', 'NoSuchBucket'],
  ['DELETE', '/no-such-bucket/k', 'DELETE', 'NoSuchBucket'],
  ['list', '/no-such-bucket?list-type=2', 'GET', 'NoSuchBucket'],
  ['start an upload', '/no-such-bucket/k?uploads', 'POST', 'NoSuchBucket'],
] as const)
  errors(`${what} in a bucket that is not there is ${code}`, async () => {
    const body = method === 'PUT' ? { body: 'x' } : {};
    assert.is(codeOf(await at.send({ method, target, ...body })), code);
  });

for (const sizeBytes of [100_000, 900_000])
  errors(`a body of ${sizeBytes} for a bucket that is not there gets its answer`, async () => {
    const body = Buffer.alloc(sizeBytes);
    const answer = await at.send({ method: 'PUT', target: '/no-such-bucket/k', body });
    assert.is(codeOf(answer), 'NoSuchBucket');
  });

errors('faults 97: an XML body beyond its bound is refused', async () => {
  const body = `<Delete>${' '.repeat(2 * 1024 ** 2)}</Delete>`;
  const answer = await at.send({ method: 'POST', target: '/plain?delete', body });
  assert.is(codeOf(answer), 'MaxMessageLengthExceeded');
});

errors('faults 97: entities and document types are refused, and expand nothing', async () => {
  const bomb = `<!DOCTYPE d [${Array.from(
    { length: 9 },
    (_, n) => `<!ENTITY e${n + 1} "${`&e${n};`.repeat(10)}">`,
  ).join('')}]><Delete><Object><Key>&e9;</Key></Object></Delete>`;
  const answer = await at.send({ method: 'POST', target: '/plain?delete', body: bomb });
  assert.is(codeOf(answer), 'MalformedXML');
});

refusals.run();
errors.run();
