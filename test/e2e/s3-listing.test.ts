import {
  CreateBucketCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  PutObjectCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { codeOf, failureOf, type S3Place, s3Place } from './s3-place.js';

const listing = suite('listings over S3');

let at: S3Place;
const Bucket = 'listed';
const keys = [
  'a',
  'b/1',
  'b/2',
  'b/c/3',
  'd//4',
  'd/5',
  'e with space+plus',
  'photos-2024/x',
  'photos/1',
  'z',
];

listing.before(async () => {
  at = await s3Place();
  await at.client.send(new CreateBucketCommand({ Bucket }));
  for (const Key of keys)
    await at.client.send(new PutObjectCommand({ Bucket, Key, Body: `of ${Key}` }));
});
listing.after(() => at.close());

type Query = Omit<ListObjectsV2CommandInput, 'Bucket'>;

async function page(query: Query) {
  const found = await at.client.send(new ListObjectsV2Command({ Bucket, ...query }));
  return {
    keys: (found.Contents ?? []).map(({ Key = '' }) => Key),
    prefixes: (found.CommonPrefixes ?? []).map(({ Prefix = '' }) => Prefix),
    found,
  };
}

listing('lists every key in order, with what a HEAD would say', async () => {
  const { keys: listed, found } = await page({});
  assert.equal(listed, keys);
  assert.is(found.KeyCount, keys.length);
  assert.is(found.IsTruncated, false);
  const [first] = found.Contents ?? [];
  assert.is(first?.Size, 4);
  assert.match(first?.ETag ?? '', /^"[0-9a-f]{32}"$/);
  assert.is(first?.StorageClass, 'STANDARD');
  assert.is(first?.Owner, undefined);
  const withOwner = await page({ FetchOwner: true });
  assert.match(withOwner.found.Contents?.[0]?.Owner?.ID ?? '', /^[0-9a-f]{64}$/);
});

for (const [what, query, expectedKeys, expectedPrefixes] of [
  ['a prefix', { Prefix: 'b/' }, ['b/1', 'b/2', 'b/c/3'], []],
  ['a prefix that nothing has', { Prefix: 'nothing' }, [], []],
  [
    'a delimiter',
    { Delimiter: '/' },
    ['a', 'e with space+plus', 'z'],
    ['b/', 'd/', 'photos-2024/', 'photos/'],
  ],
  ['prefix and delimiter', { Prefix: 'b/', Delimiter: '/' }, ['b/1', 'b/2'], ['b/c/']],
  ['a longer delimiter', { Delimiter: '//' }, keys.filter((key) => key !== 'd//4'), ['d//']],
  ['an empty delimiter', { Delimiter: '' }, keys, []],
  ['a delimiter in the prefix', { Prefix: 'photos/', Delimiter: '/' }, ['photos/1'], []],
  [
    'start-after',
    { StartAfter: 'd/5' },
    ['e with space+plus', 'photos-2024/x', 'photos/1', 'z'],
    [],
  ],
  ['start-after between keys', { StartAfter: 'yy' }, ['z'], []],
  ['max-keys of none', { MaxKeys: 0 }, [], []],
] as const)
  listing(`faults 81: ${what} shows what it should`, async () => {
    const found = await page(query);
    assert.equal(found.keys, expectedKeys);
    assert.equal(found.prefixes, expectedPrefixes);
    assert.is(found.found.IsTruncated, false);
  });

for (const Delimiter of [undefined, '/'])
  for (const size of [1, 2, 3, 7])
    listing(`pages of ${size} with delimiter ${Delimiter} show each thing once`, async () => {
      const seen: string[] = [];
      let ContinuationToken: string | undefined;
      for (;;) {
        const query = { Delimiter, MaxKeys: size, ContinuationToken };
        const { keys: listed, prefixes, found } = await page(query);
        assert.ok(listed.length + prefixes.length <= size);
        assert.is(found.KeyCount, listed.length + prefixes.length);
        seen.push(...[...listed, ...prefixes].sort());
        if (!found.IsTruncated) break;
        ContinuationToken = found.NextContinuationToken;
      }
      const whole = await page({ Delimiter });
      assert.equal(seen, [...whole.keys, ...whole.prefixes].sort());
    });

for (const Delimiter of [undefined, '/'])
  listing(`ListObjects goes on from its markers, with delimiter ${Delimiter}`, async () => {
    const seen: string[] = [];
    let Marker: string | undefined;
    for (;;) {
      const list = new ListObjectsCommand({ Bucket, Delimiter, MaxKeys: 3, Marker });
      const found = await at.client.send(list);
      const names = (found.Contents ?? []).map(({ Key = '' }) => Key);
      seen.push(
        ...[...names, ...(found.CommonPrefixes ?? []).map((each) => each.Prefix ?? '')].sort(),
      );
      assert.is(found.Contents?.[0]?.Owner?.DisplayName ?? 'TESTROOTKEY', 'TESTROOTKEY');
      if (!found.IsTruncated) break;
      assert.is(found.NextMarker !== undefined, Delimiter !== undefined);
      Marker = found.NextMarker ?? names.at(-1);
    }
    const whole = await page({ Delimiter });
    assert.equal(seen, [...whole.keys, ...whole.prefixes].sort());
  });

listing('encoding-type=url escapes names in both versions', async () => {
  const all = 'encoding-type=url&prefix=e%20with';
  for (const version of ['', 'list-type=2&']) {
    const { body } = await at.send({ method: 'GET', target: `/${Bucket}?${version}${all}` });
    assert.match(body.toString(), '<Key>e%20with%20space%2Bplus</Key>');
    assert.match(body.toString(), '<Prefix>e%20with</Prefix>');
    assert.match(body.toString(), '<EncodingType>url</EncodingType>');
  }
});

listing('more than a thousand keys come in pages, none twice and none lost', async () => {
  const many = 'many-keys';
  await at.client.send(new CreateBucketCommand({ Bucket: many }));
  const names = Array.from({ length: 2_345 }, (_, n) => `k${String(n).padStart(5, '0')}`);
  for (let from = 0; from < names.length; from += 200)
    await Promise.all(
      names.slice(from, from + 200).map((name) => {
        return at.send({ method: 'PUT', target: `/${many}/${name}`, body: 'x' });
      }),
    );
  const seen: (string | undefined)[] = [];
  const pages: number[] = [];
  for await (const found of paginateListObjectsV2({ client: at.client }, { Bucket: many })) {
    pages.push(found.KeyCount ?? 0);
    seen.push(...(found.Contents ?? []).map(({ Key }) => Key));
  }
  assert.equal(pages, [1000, 1000, 345]);
  assert.equal(seen, names);
});

for (const query of [
  'max-keys=-1',
  'max-keys=x',
  'max-keys=2147483648',
  'encoding-type=base64',
  'list-type=2&continuation-token=%21%21',
])
  listing(`faults 81: ${query} is InvalidArgument`, async () => {
    const answer = await at.send({ method: 'GET', target: `/${Bucket}?${query}` });
    assert.is(answer.status, 400);
    assert.is(codeOf(answer), 'InvalidArgument');
  });

listing('an empty continuation token is none, and is said again', async () => {
  const query = { Bucket, MaxKeys: 1000 };
  const list = (over: Query) => at.client.send(new ListObjectsV2Command({ ...query, ...over }));
  const answer = await at.send({
    method: 'GET',
    target: `/${Bucket}?list-type=2&continuation-token=`,
  });
  assert.is(answer.status, 200);
  assert.match(answer.body.toString(), '<ContinuationToken></ContinuationToken>');
  const { KeyCount } = await list({});
  assert.match(answer.body.toString(), `<KeyCount>${KeyCount}</KeyCount>`);
});

listing('a bucket that is not there has no listing, not even an empty one', async () => {
  const list = (query: Query) =>
    failureOf(at.client.send(new ListObjectsV2Command({ Bucket: 'no-such-bucket', ...query })));
  assert.is(await list({}), 'NoSuchBucket');
  assert.is(await list({ MaxKeys: 0 }), 'NoSuchBucket');
});

listing.run();
