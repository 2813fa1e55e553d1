import {
  CreateBucketCommand,
  DeleteBucketLifecycleCommand,
  GetBucketLifecycleConfigurationCommand,
  HeadObjectCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { codeOf, failureOf, type S3Place, s3Place } from '../e2e/s3-place.js';

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html */
const lifecycle = suite('lifecycle over S3');

let at: S3Place;
const Bucket = 'aging';
lifecycle.before(async () => {
  at = await s3Place();
  await at.client.send(new CreateBucketCommand({ Bucket }));
});
lifecycle.after(() => at.close());

const set = (...Rules: LifecycleRule[]) =>
  at.client.send(
    new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }),
  );
const get = () => at.client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
const send = (document: string, bucket = Bucket) =>
  at.send({ method: 'PUT', target: `/${bucket}?lifecycle`, body: document });

const Status = 'Enabled';
const forms: readonly LifecycleRule[] = [
  { ID: 'a', Status, Prefix: 'old/', Expiration: { Days: 31 } },
  { ID: 'b', Status: 'Disabled', Filter: { Prefix: '' }, Expiration: { Days: 1 } },
  { ID: 'c', Status, Filter: { Tag: { Key: 'k', Value: '' } }, Expiration: { Days: 2 } },
  {
    ...{ ID: 'd', Status },
    Filter: {
      And: {
        Prefix: 'p',
        Tags: [
          { Key: 'a', Value: '1' },
          { Key: 'b', Value: '2' },
        ],
        ...{ ObjectSizeGreaterThan: 0, ObjectSizeLessThan: 64 },
      },
    },
    NoncurrentVersionExpiration: { NoncurrentDays: 3, NewerNoncurrentVersions: 5 },
  },
  { ID: 'e', Status, Filter: { ObjectSizeGreaterThan: 5 }, Expiration: { Days: 7 } },
  {
    ...{ ID: 'f', Status, Filter: {} },
    Expiration: { ExpiredObjectDeleteMarker: true },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 4 },
  },
  { ID: 'g', Status, Prefix: '', Expiration: { Date: new Date('2017-09-27T00:00:00Z') } },
];

lifecycle('rules of every form come back as they were sent', async () => {
  await set(...forms);
  assert.equal((await get()).Rules, forms);
});

lifecycle('a rule without an id gets one', async () => {
  await set({ Status, Prefix: 'x', Expiration: { Days: 1 } });
  const [rule] = (await get()).Rules ?? [];
  assert.match(rule?.ID ?? '', /^[\w-]{32}$/);
  assert.is(rule?.Prefix, 'x');
});

lifecycle('it is gone once it is deleted, and deleting it again is no error', async () => {
  await set({ ID: 'x', Status, Prefix: '', Expiration: { Days: 1 } });
  for (let times = 0; times < 2; times++) {
    await at.client.send(new DeleteBucketLifecycleCommand({ Bucket }));
    assert.is(await failureOf(get()), 'NoSuchLifecycleConfiguration');
  }
});

const rule = (inner: string) =>
  `<LifecycleConfiguration><Rule>${inner}</Rule></LifecycleConfiguration>`;
const enabled = '<ID>r</ID><Status>Enabled</Status>';
const all = `${enabled}<Prefix/>`;
const daysOf = (days: string) => `<Expiration><Days>${days}</Days></Expiration>`;
const dateOf = (date: string) => `<Expiration><Date>${date}</Date></Expiration>`;
const longId = `<ID>${'a'.repeat(256)}</ID><Status>Enabled</Status><Prefix/>`;
const marker = '<ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker>';
const abort =
  '<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation>' +
  '</AbortIncompleteMultipartUpload>';
const tag = '<Tag><Key>k</Key><Value>v</Value></Tag>';
const two = `<Rule>${all}${daysOf('1')}</Rule>`.repeat(2);
const transition = (date: string) =>
  `<Transition><Date>${date}</Date><StorageClass>GLACIER</StorageClass></Transition>`;

for (const [what, code, document] of [
  ['nothing', 'MissingRequestBodyError', ''],
  ['no rules', 'MalformedXML', '<LifecycleConfiguration/>'],
  ['another root', 'MalformedXML', `<Lifecycle>${two}</Lifecycle>`],
  ['a document type', 'MalformedXML', `<!DOCTYPE x>${rule(all + daysOf('1'))}`],
  [
    'two rules of one id',
    'InvalidArgument',
    `<LifecycleConfiguration>${two}</LifecycleConfiguration>`,
  ],
  ['a long id', 'InvalidArgument', rule(longId + daysOf('1'))],
  [
    'a status in lower case',
    'MalformedXML',
    rule(`<Status>enabled</Status><Prefix/>${daysOf('1')}`),
  ],
  ['no status', 'MalformedXML', rule(`<Prefix/>${daysOf('1')}`)],
  ['no filter', 'MalformedXML', rule(enabled + daysOf('1'))],
  ['filter and prefix', 'MalformedXML', rule(`${all}<Filter/>${daysOf('1')}`)],
  ['two conditions without And', 'MalformedXML', rule(`${enabled}<Filter>${tag}${tag}</Filter>`)],
  [
    'one tag twice',
    'InvalidRequest',
    rule(`${enabled}<Filter><And>${tag}${tag}</And></Filter>${daysOf('1')}`),
  ],
  ['no action', 'InvalidRequest', rule(all)],
  ['no days', 'InvalidArgument', rule(all + daysOf('0'))],
  ['days below nothing', 'InvalidArgument', rule(all + daysOf('-1'))],
  ['days that are no number', 'MalformedXML', rule(all + daysOf('one'))],
  ['a date at noon', 'InvalidArgument', rule(all + dateOf('2030-01-01T12:00:00Z'))],
  ['a date that is none', 'MalformedXML', rule(all + dateOf('20300101'))],
  [
    'days and a marker',
    'MalformedXML',
    rule(`${all}<Expiration><Days>1</Days>${marker}</Expiration>`),
  ],
  [
    'a marker with tags',
    'InvalidRequest',
    rule(`${enabled}<Filter>${tag}</Filter><Expiration>${marker}</Expiration>`),
  ],
  ['an abort with tags', 'InvalidRequest', rule(`${enabled}<Filter>${tag}</Filter>${abort}`)],
  ['a transition', 'NotImplemented', rule(all + transition('2030-01-01T00:00:00Z'))],
  ['a transition at no date', 'MalformedXML', rule(all + transition('20220927'))],
] as const)
  lifecycle(`${what}: ${code}, and what was set before stays`, async () => {
    await set(...forms);
    const answer = await send(document);
    assert.is(codeOf(answer), code);
    assert.is(answer.status, code === 'NotImplemented' ? 501 : 400);
    assert.is((await get()).Rules?.length, forms.length);
  });

lifecycle('no bucket, no lifecycle; and nobody without a signature sets one', async () => {
  const nowhere = await send(rule(all + daysOf('1')), 'nowhere');
  assert.is(codeOf(nowhere), 'NoSuchBucket');
  for (const method of ['GET', 'PUT', 'DELETE']) {
    const answer = await at.sendUnsigned({ method, target: `/${Bucket}?lifecycle` });
    assert.is(answer.status, 403, method);
  }
});

lifecycle('x-amz-expiration names the first day and the rule, by its tags too', async () => {
  await set(
    { ID: 'soon', Status, Filter: { Prefix: 'days1/' }, Expiration: { Days: 1 } },
    { ID: 'late', Status, Filter: { Prefix: '' }, Expiration: { Days: 30 } },
    { ID: 'tagged', Status, Filter: { Tag: { Key: 'k', Value: 'v' } }, Expiration: { Days: 1 } },
  );
  const midnight = (days: number) => {
    const dayMs = 86_400_000;
    return new Date(Math.ceil((Date.now() + days * dayMs) / dayMs) * dayMs).toUTCString();
  };
  const put = (Key: string) => at.client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
  const said = (days: number, id: string) => `expiry-date="${midnight(days)}", rule-id="${id}"`;
  assert.is((await put('days1/a')).Expiration, said(1, 'soon'));
  assert.is((await put('other')).Expiration, said(30, 'late'));
  const TagSet = [{ Key: 'k', Value: 'v' }];
  const tagging = { Bucket, Key: 'other', Tagging: { TagSet } };
  await at.client.send(new PutObjectTaggingCommand(tagging));
  const head = await at.client.send(new HeadObjectCommand({ Bucket, Key: 'other' }));
  assert.is(head.Expiration, said(1, 'tagged'));
  await at.client.send(new DeleteBucketLifecycleCommand({ Bucket }));
  const without = await at.client.send(new HeadObjectCommand({ Bucket, Key: 'other' }));
  assert.is(without.Expiration, undefined);
});

lifecycle.run();
