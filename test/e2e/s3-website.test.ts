import {
  CreateBucketCommand,
  DeleteBucketWebsiteCommand,
  GetBucketWebsiteCommand,
  PutBucketPolicyCommand,
  PutBucketWebsiteCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { failureOf, type S3Place, s3Place } from './s3-place.js';

const websites = suite('websites of buckets');

let at: S3Place;
const Bucket = 'pages';

async function makePublic(bucket: string, ...actions: readonly string[]): Promise<void> {
  const open = {
    ...{ BlockPublicAcls: false, IgnorePublicAcls: false },
    ...{ BlockPublicPolicy: false, RestrictPublicBuckets: false },
  };
  const block = { Bucket: bucket, PublicAccessBlockConfiguration: open };
  await at.client.send(new PutPublicAccessBlockCommand(block));
  const Resource = [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`];
  const statement = { Effect: 'Allow', Principal: '*', Action: actions, Resource };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  await at.client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
}

websites.before(async () => {
  at = await s3Place({ websiteDomain: 'web.test', domain: 's3.test' });
  for (const bucket of [Bucket, 'closed', 'plain'])
    await at.client.send(new CreateBucketCommand({ Bucket: bucket }));
  for (const [key, body] of [
    ['index.html', 'the front page'],
    ['docs/index.html', 'the documents'],
    ['error.html', 'something is wrong'],
    ['a%20b', 'with a space'],
    ['_/odd', 'not the native API'],
  ] as const) {
    const headers = { 'content-type': 'text/html' };
    for (const bucket of [Bucket, 'closed'])
      await at.send({ method: 'PUT', target: `/${bucket}/${key}`, body, headers });
  }
  const Redirect = { ReplaceKeyPrefixWith: 'docs/' };
  const RoutingRules = [{ Condition: { KeyPrefixEquals: 'old/' }, Redirect }];
  for (const bucket of [Bucket, 'closed'])
    await at.client.send(
      new PutBucketWebsiteCommand({
        Bucket: bucket,
        WebsiteConfiguration: {
          IndexDocument: { Suffix: 'index.html' },
          ErrorDocument: { Key: 'error.html' },
          ...(bucket === Bucket ? { RoutingRules } : {}),
        },
      }),
    );
  await makePublic(Bucket, 's3:GetObject', 's3:ListBucket');
});
websites.after(() => at.close());

const visit = (
  target: string,
  { bucket = Bucket, method = 'GET' } = {},
  more: Readonly<Record<string, string>> = {},
) => at.sendUnsigned({ method, target, headers: { host: `${bucket}.web.test:80`, ...more } });

for (const [target, status, body] of [
  ['/', 200, 'the front page'],
  ['/index.html', 200, 'the front page'],
  ['/docs/', 200, 'the documents'],
  ['/a%20b?with=query&acl', 200, 'with a space'],
  ['/_/odd', 200, 'not the native API'],
  ['/nothing', 404, 'something is wrong'],
  ['/nothing/', 404, 'something is wrong'],
] as const)
  websites(`${target} shows ${body}`, async () => {
    const answer = await visit(target);
    assert.is(answer.status, status);
    assert.is(answer.body.toString(), body);
    assert.is(answer.headers['content-type'], 'text/html');
    const head = await visit(target, { method: 'HEAD' });
    assert.is(head.status, status);
    assert.is(head.headers['content-length'], String(body.length));
    assert.is(head.body.length, 0);
  });

for (const [target, status, location] of [
  ['/docs', 302, '/docs/'],
  ['/docs?a=b', 302, '/docs/'],
  ['/old/x y'.replace(' ', '%20'), 301, 'http://pages.web.test:80/docs/x%20y'],
] as const)
  websites(`${target} leads to ${location}`, async () => {
    const answer = await visit(target);
    assert.is(answer.status, status);
    assert.is(answer.headers.location, location);
  });

websites('browsers may ask again for what they have, and for a range of it', async () => {
  const { headers } = await visit('/');
  const same = await visit('/', {}, { 'if-none-match': String(headers.etag) });
  assert.is(same.status, 304);
  const part = await visit('/', {}, { range: 'bytes=4-8' });
  assert.is(part.status, 206);
  assert.is(part.body.toString(), 'front');
});

websites('faults 93: what not everybody may read is shown to nobody, not even signed', async () => {
  for (const target of ['/', '/index.html', '/docs', '/nothing']) {
    const answer = await visit(target, { bucket: 'closed' });
    assert.is(answer.status, 403, target);
    assert.match(answer.body.toString(), '403 AccessDenied');
    assert.not.match(answer.body.toString(), /front page|something is wrong/);
  }
  const host = 'closed.web.test:80';
  const signed = await at.send({ method: 'GET', target: '/index.html', headers: { host } });
  assert.is(signed.status, 403);
});

websites('a website is only read', async () => {
  for (const method of ['PUT', 'POST', 'DELETE']) {
    const host = `${Bucket}.web.test:80`;
    const answer = await at.send({ method, target: '/index.html', headers: { host }, body: 'x' });
    assert.is(answer.status, 405, method);
  }
  assert.is((await visit('/')).body.toString(), 'the front page');
});

websites('a bucket without a website, and none at all, say so in HTML', async () => {
  for (const [bucket, code] of [
    ['plain', 'NoSuchWebsiteConfiguration'],
    ['no-such-bucket', 'NoSuchBucket'],
  ] as const) {
    const answer = await visit('/', { bucket });
    assert.is(answer.status, 404);
    assert.match(answer.headers['content-type'] ?? '', 'text/html');
    assert.match(answer.body.toString(), `404 ${code}`);
  }
});

websites('a configuration is given back, until it is deleted', async () => {
  const get = () => at.client.send(new GetBucketWebsiteCommand({ Bucket: 'plain' }));
  assert.is(await failureOf(get()), 'NoSuchWebsiteConfiguration');
  const RedirectAllRequestsTo = { HostName: 'other.test', Protocol: 'https' } as const;
  const WebsiteConfiguration = { RedirectAllRequestsTo };
  await at.client.send(new PutBucketWebsiteCommand({ Bucket: 'plain', WebsiteConfiguration }));
  assert.equal((await get()).RedirectAllRequestsTo, RedirectAllRequestsTo);
  const away = await visit('/a/b', { bucket: 'plain' });
  assert.is(away.status, 301);
  assert.is(away.headers.location, 'https://other.test/a/b');
  await at.client.send(new DeleteBucketWebsiteCommand({ Bucket: 'plain' }));
  assert.is(await failureOf(get()), 'NoSuchWebsiteConfiguration');
});

websites(
  'rules are given back as they came, and codes that redirect nobody are refused',
  async () => {
    const config = (Redirect: object) => ({
      IndexDocument: { Suffix: 'index.html' },
      RoutingRules: [{ Condition: { KeyPrefixEquals: 'a/' }, Redirect }],
    });
    const set = (WebsiteConfiguration: ReturnType<typeof config>) =>
      at.client.send(new PutBucketWebsiteCommand({ Bucket: 'plain', WebsiteConfiguration }));
    for (const Redirect of [
      { ReplaceKeyWith: 'b' },
      { ReplaceKeyWith: 'b', HttpRedirectCode: '308' },
    ]) {
      await set(config(Redirect));
      const found = await at.client.send(new GetBucketWebsiteCommand({ Bucket: 'plain' }));
      assert.equal(found.RoutingRules, config(Redirect).RoutingRules);
      const away = await visit('/a/x', { bucket: 'plain' });
      assert.is(away.status, Number(Redirect.HttpRedirectCode ?? 301));
    }
    for (const wrong of [
      { HttpRedirectCode: '314' },
      { HttpRedirectCode: '300' },
      { Protocol: 'ftp' },
    ])
      assert.is(await failureOf(set(config({ ReplaceKeyWith: 'c', ...wrong }))), 'InvalidRequest');
    await at.client.send(new DeleteBucketWebsiteCommand({ Bucket: 'plain' }));
  },
);

websites('a bucket of the same name is served over S3 beside its website', async () => {
  const host = `${Bucket}.s3.test`;
  const put = { method: 'PUT', target: '/by-host', headers: { host }, body: 'x' };
  assert.is((await at.send(put)).status, 200);
  assert.is((await visit('/by-host')).body.toString(), 'x');
});

websites.run();
