import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { createPresignedPost, type PresignedPostOptions } from '@aws-sdk/s3-presigned-post';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { signV2 } from '../../src/auth/sigv2.js';
import { codeOf, credentials, type S3Place, s3Place } from './s3-place.js';

const forms = suite('forms of browsers over S3');

let at: S3Place;
const Bucket = 'uploads';

forms.before(async () => {
  at = await s3Place();
  await at.client.send(new CreateBucketCommand({ Bucket }));
});
forms.after(() => at.close());

type Fields = Record<string, string>;

async function signedForm(options: Partial<PresignedPostOptions> = {}): Promise<Fields> {
  const { fields } = await createPresignedPost(at.client, { Bucket, Key: 'k', ...options });
  return fields;
}

async function post(fields: Fields, content = 'of the file', name = 'cat.txt') {
  const form = new FormData();
  for (const [field, value] of Object.entries(fields)) form.set(field, value);
  form.set('file', new Blob([content]), name);
  const answer = await fetch(`${at.url}/${Bucket}`, {
    ...{ method: 'POST', body: form, redirect: 'manual' },
  });
  const { status, headers } = answer;
  return { status, headers, text: await answer.text() };
}

const code = ({ text }: { text: string }) => /<Code>([^<]+)/.exec(text)?.[1];
const stored = (target: string) => at.send({ method: 'GET', target: `/${Bucket}/${target}` });

async function nothingIsStored(): Promise<void> {
  const listed = await at.send({ method: 'GET', target: `/${Bucket}?list-type=2&prefix=refused` });
  assert.match(listed.body.toString(), '<KeyCount>0</KeyCount>');
}

forms('what a form uploads is an object like others', async () => {
  const Fields = {
    'Content-Type': 'text/x-form',
    'x-amz-meta-of': 'ü',
    tagging: '<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>',
  };
  const answer = await post(await signedForm({ Key: 'a b/ü', Fields }));
  assert.is(answer.status, 204, answer.text);
  assert.match(answer.headers.get('etag') ?? '', /^"[0-9a-f]{32}"$/);
  const got = await stored('a%20b/%C3%BC');
  assert.is(got.body.toString(), 'of the file');
  assert.is(got.headers['content-type'], 'text/x-form');
  assert.is(Buffer.from(String(got.headers['x-amz-meta-of']), 'latin1').toString(), 'ü');
  assert.is(got.headers['x-amz-tagging-count'], '1');
});

forms('a field with a name that every object knows is one like others', async () => {
  for (const name of ['constructor', '__proto__']) {
    const answer = await post({ key: 'refused', ...Object.fromEntries([[name, 'x']]) });
    assert.is(answer.status, 403, answer.text);
  }
});

forms('a large file is streamed', async () => {
  const content = 'x'.repeat(3_000_000);
  const answer = await post(await signedForm({ Key: 'large' }), content);
  assert.is(answer.status, 204, answer.text);
  assert.is((await stored('large')).body.toString(), content);
});

forms("a variable in the key stands for the file's name", async () => {
  const Key = 'user/' + '$' + '{filename}';
  const Conditions: PresignedPostOptions['Conditions'] = [['starts-with', '$key', 'user/']];
  const answer = await post(await signedForm({ Key, Conditions }), 'named', 'C:\\me\\cat.txt');
  assert.is(answer.status, 204, answer.text);
  assert.is((await stored('user/cat.txt')).body.toString(), 'named');
});

forms('the name of a file means nothing but itself, and is not multiplied', async () => {
  const Key = 'named/' + '$' + '{filename}';
  const Conditions: PresignedPostOptions['Conditions'] = [['starts-with', '$key', 'named/']];
  const answer = await post(await signedForm({ Key, Conditions }), 'named', '$`$&$1');
  assert.is(answer.status, 204, answer.text);
  assert.is((await stored('named/$%60$&$1')).body.toString(), 'named');
  const key = `refused${Key.slice(6).repeat(1_000)}`;
  const bomb = await post({ key }, 'x', '$`'.repeat(1_000));
  assert.is(code(bomb), 'MaxPostPreDataLengthExceededError', bomb.text);
});

for (const [asked, status] of [
  ['200', 200],
  ['201', 201],
  ['204', 204],
  ['404', 204],
] as const)
  forms(`success_action_status ${asked} is answered ${status}`, async () => {
    const Fields = { success_action_status: asked };
    const answer = await post(await signedForm({ Fields }));
    assert.is(answer.status, status, answer.text);
    assert.is(answer.headers.get('location'), `${at.url}/${Bucket}/k`);
    if (status !== 201) return;
    assert.match(answer.text, /<PostResponse><Location>.*<\/Location><Bucket>uploads<\/Bucket>/);
    assert.match(answer.text, '<Key>k</Key><ETag>&quot;');
  });

forms('success_action_redirect leads there, and says what was stored', async () => {
  const redirect = 'https://app.example/done?a=b';
  const answer = await post(await signedForm({ Fields: { success_action_redirect: redirect } }));
  assert.is(answer.status, 303);
  const url = new URL(answer.headers.get('location') ?? '');
  assert.is(`${url.origin}${url.pathname}`, 'https://app.example/done');
  assert.is(url.searchParams.get('bucket'), Bucket);
  assert.is(url.searchParams.get('key'), 'k');
  assert.match(url.searchParams.get('etag') ?? '', /^"[0-9a-f]{32}"$/);
  const script = await post(
    await signedForm({ Fields: { success_action_redirect: 'javascript:x' } }),
  );
  assert.is(script.status, 204);
});

forms('a policy bounds the size of the file', async () => {
  const sized = async (min: number, max: number) => {
    const Conditions: PresignedPostOptions['Conditions'] = [['content-length-range', min, max]];
    return post(await signedForm({ Key: 'refused', Conditions }), '0123456789');
  };
  assert.is(code(await sized(11, 20)), 'EntityTooSmall');
  assert.is(code(await sized(0, 9)), 'EntityTooLarge');
  await nothingIsStored();
  const large = [['content-length-range', 0, 1000]] satisfies PresignedPostOptions['Conditions'];
  const form = await signedForm({ Key: 'refused', Conditions: large });
  assert.is(code(await post(form, 'x'.repeat(900_000))), 'EntityTooLarge');
  await nothingIsStored();
});

for (const [what, change, expected] of [
  ['another key', { key: 'refused-2' }, 'AccessDenied'],
  ['a field beside', { 'x-amz-meta-more': 'x' }, 'AccessDenied'],
  ['another ACL', { acl: 'public-read' }, 'AccessDenied'],
  ['a spoilt signature', { 'X-Amz-Signature': '0'.repeat(64) }, 'SignatureDoesNotMatch'],
  ['a short signature', { 'X-Amz-Signature': '0' }, 'SignatureDoesNotMatch'],
  ['another policy', { Policy: Buffer.from('{}').toString('base64') }, 'SignatureDoesNotMatch'],
  ['another date', { 'X-Amz-Date': '20200101T000000Z' }, 'InvalidArgument'],
  ['an unknown key', { 'X-Amz-Credential': 'NOBODY' }, 'InvalidArgument'],
  ['a token', { 'X-Amz-Security-Token': 'x' }, 'InvalidToken'],
  ['a second signature', { AWSAccessKeyId: 'x' }, 'InvalidArgument'],
] as const)
  forms(`faults 93: a form with ${what} is ${expected}, and stores nothing`, async () => {
    const fields = await signedForm({ Key: 'refused' });
    const names = Object.keys(fields);
    const own = Object.fromEntries(
      Object.entries(change).map(([field, value]) => [
        names.find((name) => name.toLowerCase() === field.toLowerCase()) ?? field,
        value,
      ]),
    );
    const answer = await post({ ...fields, ...own });
    assert.is(code(answer), expected, answer.text);
    await nothingIsStored();
  });

forms('faults 93: a form that nothing proves is refused', async () => {
  const answer = await post({ key: 'refused' });
  assert.is(answer.status, 403);
  assert.is(code(answer), 'AccessDenied');
  await nothingIsStored();
});

forms('faults 93: keys that are unknown, and secrets of others, sign nothing', async () => {
  for (const [accessKeyId, expected] of [
    ['NOBODY', 'InvalidAccessKeyId'],
    [credentials.accessKeyId, 'SignatureDoesNotMatch'],
  ] as const) {
    const other = { accessKeyId, secretAccessKey: 'another secret' };
    const client = new S3Client({
      ...{ endpoint: at.url, region: 'us-east-1', credentials: other, forcePathStyle: true },
    });
    const { fields } = await createPresignedPost(client, { Bucket, Key: 'refused' });
    assert.is(code(await post(fields)), expected);
  }
  await nothingIsStored();
});

forms('faults 95: a form whose policy has expired is refused', async () => {
  const answer = await post(await signedForm({ Key: 'refused', Expires: 0 }));
  assert.is(code(answer), 'AccessDenied');
  assert.match(answer.text, 'Policy expired');
  await nothingIsStored();
});

forms('checksums of a form are verified', async () => {
  const right = { 'x-amz-checksum-sha256': 'XYVlvQpHCgwlxtoRmCjLUrfmpmZ1ogHGoUsCUgi4+sA=' };
  const fields = await signedForm({ Key: 'refused', Fields: right });
  assert.is(code(await post(fields, 'other')), 'BadDigest');
  await nothingIsStored();
});

forms('a form signed by Version 2, as boto3 makes it, is taken', async () => {
  const policy = Buffer.from(
    JSON.stringify({
      expiration: new Date(Date.now() + 60_000).toISOString(),
      conditions: [{ bucket: Bucket }, { key: 'old' }],
    }),
  ).toString('base64');
  const signature = signV2(credentials.secretAccessKey, policy).toString('base64');
  const fields = { key: 'old', AWSAccessKeyId: credentials.accessKeyId, policy, signature };
  assert.is((await post(fields)).status, 204);
  const spoilt = { ...fields, signature: signature.replace(/^./, (c) => (c === 'A' ? 'B' : 'A')) };
  assert.is(code(await post({ ...spoilt, key: 'old' })), 'SignatureDoesNotMatch');
});

forms('a bucket that is not there is NoSuchBucket', async () => {
  const { fields } = await createPresignedPost(at.client, { Bucket: 'no-bucket', Key: 'k' });
  const form = new FormData();
  for (const [field, value] of Object.entries(fields)) form.set(field, value);
  form.set('file', new Blob(['x']));
  const answer = await fetch(`${at.url}/no-bucket`, { method: 'POST', body: form });
  assert.is(code({ text: await answer.text() }), 'NoSuchBucket');
});

forms('what is posted to a bucket and is no form is refused', async () => {
  const answer = await at.send({ method: 'POST', target: `/${Bucket}`, body: 'x' });
  assert.is(answer.status, 412);
  assert.is(codeOf(answer), 'PreconditionFailed');
});

forms.run();
