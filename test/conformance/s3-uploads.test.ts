import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  ListPartsCommand,
  type ObjectCannedACL,
  type ObjectOwnership,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { crc64Empty, crc64Nvme } from '../../src/digest/crc64-nvme.js';
import { crc64Bytes } from '../../src/digest/running-hash.js';
import { failureOf } from '../e2e/s3-place.js';
import {
  aBucket,
  ann,
  at,
  ben,
  closePlace,
  openPlace,
  put,
  remove,
  type Signer,
} from './grants-place.js';

const uploads = suite('uploads and copies, as their senders are told of them');
uploads.before(openPlace);
uploads.after(closePlace);

/** Where ben may do all that policies can allow. */
async function shared(ownership: ObjectOwnership): Promise<string> {
  const Bucket = await aBucket({ ownership });
  const Resource = [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`];
  const Statement = { Effect: 'Allow', Principal: { AWS: ben.arn }, Action: 's3:*', Resource };
  await ann.client.send(
    new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify({ Statement }) }),
  );
  return Bucket;
}

const givenAway = 'bucket-owner-full-control';
const begun: readonly (readonly [ObjectOwnership, ObjectCannedACL | undefined, owner: string])[] = [
  ['BucketOwnerEnforced', undefined, 'ann'],
  ['BucketOwnerEnforced', givenAway, 'ann'],
  ['BucketOwnerPreferred', undefined, 'ben'],
  ['BucketOwnerPreferred', givenAway, 'ann'],
  ['ObjectWriter', givenAway, 'ben'],
];

for (const [ownership, ACL, owner] of begun)
  uploads(`${ownership}: ben began it, ${owner} will have it (${ACL ?? 'no ACL'})`, async () => {
    const named = { Bucket: await shared(ownership), Key: 'k' };
    const create = new CreateMultipartUploadCommand({ ...named, ACL });
    const { UploadId } = await ben.client.send(create);
    const { Uploads = [] } = await ann.client.send(new ListMultipartUploadsCommand(named));
    const parts = await ann.client.send(new ListPartsCommand({ ...named, UploadId }));
    for (const shown of [...Uploads, parts]) {
      assert.equal(shown.Initiator, { ID: ben.id, DisplayName: 'ben' });
      assert.is(shown.Owner?.DisplayName, owner);
    }
    assert.is(Uploads.length, 1);
  });

uploads(
  'who began an upload lists its parts and gives it up, unless that is forbidden',
  async () => {
    const Bucket = await aBucket({ ownership: 'BucketOwnerEnforced' });
    const Resource = `arn:aws:s3:::${Bucket}/*`;
    const puts = { Effect: 'Allow', Principal: '*', Action: 's3:PutObject', Resource };
    const policy = (...Statement: readonly object[]) =>
      ann.client.send(
        new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify({ Statement }) }),
      );
    await policy(puts);
    const begin = async (by: Signer) => {
      const named = { Bucket, Key: 'k' };
      const { UploadId } = await by.client.send(new CreateMultipartUploadCommand(named));
      return { ...named, UploadId };
    };
    const [bens, anns] = [await begin(ben), await begin(ann)];
    await ben.client.send(new ListPartsCommand(bens));
    for (const refused of [anns, { ...bens, UploadId: 'none' }, { ...bens, Key: 'other' }]) {
      const list = ben.client.send(new ListPartsCommand(refused));
      assert.is(await failureOf(list), 'AccessDenied');
      const abort = ben.client.send(new AbortMultipartUploadCommand(refused));
      assert.is(await failureOf(abort), 'AccessDenied');
    }
    await policy(puts, { ...puts, Effect: 'Deny', Action: 's3:AbortMultipartUpload' });
    const forbidden = ben.client.send(new AbortMultipartUploadCommand(bens));
    assert.is(await failureOf(forbidden), 'AccessDenied');
    await policy(puts);
    await ben.client.send(new AbortMultipartUploadCommand(bens));
    const { Uploads = [] } = await ann.client.send(new ListMultipartUploadsCommand({ Bucket }));
    assert.equal(
      Uploads.map(({ UploadId }) => UploadId),
      [anns.UploadId],
    );
  },
);

uploads('what nobody in particular began is shown as its owner has it', async () => {
  const Bucket = await aBucket({ acl: 'public-read-write' });
  const begin = { method: 'POST', target: `/${Bucket}/k?uploads` };
  assert.is((await at.sendUnsigned(begin)).status, 200);
  const { Uploads = [] } = await ann.client.send(new ListMultipartUploadsCommand({ Bucket }));
  const people = Uploads.map(({ Initiator, Owner }) => [Initiator?.ID, Owner?.ID]);
  assert.equal(people, [[ann.id, ann.id]]);
});

const partBytes = 5 * 1024 ** 2;

function crc64Of(pieces: readonly Uint8Array[]): string {
  const crc = pieces.reduce((before, piece) => crc64Nvme(piece, before), crc64Empty);
  return Buffer.from(crc64Bytes(crc)).toString('base64');
}

async function uploaded(Bucket: string, Key: string): Promise<string | undefined> {
  const named = { Bucket, Key };
  const ChecksumAlgorithm = 'SHA256' as const;
  const begin = new CreateMultipartUploadCommand({ ...named, ChecksumAlgorithm });
  const { UploadId } = await ann.client.send(begin);
  const Parts: CompletedPart[] = [];
  for (const [index, Body] of [new Uint8Array(partBytes), Buffer.from('end')].entries()) {
    const of = { ...named, UploadId, PartNumber: index + 1 };
    const { ETag, ChecksumSHA256 } = await ann.client.send(
      new UploadPartCommand({ ...of, Body, ChecksumAlgorithm }),
    );
    Parts.push({ ETag, ChecksumSHA256, PartNumber: index + 1 });
  }
  const complete = { ...named, UploadId, MultipartUpload: { Parts } };
  return (await ann.client.send(new CompleteMultipartUploadCommand(complete))).VersionId;
}

uploads('a part tells the type of its checksum; a number beyond is told how many', async () => {
  const Bucket = await aBucket();
  await uploaded(Bucket, 'k');
  const wanted = { Bucket, Key: 'k', PartNumber: 2, ChecksumMode: 'ENABLED' as const };
  const end = await ann.client.send(new GetObjectCommand(wanted));
  const head = await ann.client.send(new HeadObjectCommand(wanted));
  assert.is(await end.Body?.transformToString(), 'end');
  for (const { ChecksumType, ChecksumSHA256 } of [end, head]) {
    assert.is(ChecksumType, 'COMPOSITE');
    assert.is(ChecksumSHA256, 'Nh5I0DCPIOMtul+1Yyi68Y1y7wzLQ7hPXCYtKmofxsg=');
  }
  for (const [key, beyond, count] of [
    ['k', 3, 2],
    ['single', 2, 1],
  ] as const) {
    if (key === 'single') await put(ann, Bucket, key);
    const refused = await at.send({
      method: 'GET',
      target: `/${Bucket}/${key}?partNumber=${beyond}`,
    });
    assert.is(refused.status, 416);
    const told = refused.body.toString();
    assert.match(told, '<Code>InvalidPartNumber</Code>');
    assert.match(told, `<PartNumberRequested>${beyond}</PartNumberRequested>`);
    assert.match(told, `<ActualPartCount>${count}</ActualPartCount>`);
  }
});

uploads('while versioning is suspended, what is written has no id that is told', async () => {
  const Bucket = await aBucket();
  const VersioningConfiguration = { Status: 'Suspended' as const };
  await ann.client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  assert.is((await put(ann, Bucket, 'k')).VersionId, undefined);
  const copy = new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/k` });
  const copied = await ann.client.send(copy);
  assert.is(copied.VersionId, undefined);
  assert.is(copied.CopySourceVersionId, 'null');
  assert.is(await uploaded(Bucket, 'parts'), undefined);
  for (const Key of ['k', 'copy', 'parts'])
    assert.is((await ann.client.send(new HeadObjectCommand({ Bucket, Key }))).VersionId, 'null');
  const marker = await remove(ann, Bucket, 'k');
  assert.equal([marker.DeleteMarker, marker.VersionId], [true, 'null']);
});

uploads('a copy tells which version it is of, whether one was named or not', async () => {
  const Bucket = await aBucket();
  const plain = await aBucket();
  const VersioningConfiguration = { Status: 'Enabled' as const };
  await ann.client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  const { VersionId: first } = await put(ann, Bucket, 'k');
  const { VersionId: second } = await put(ann, Bucket, 'k');
  await put(ann, plain, 'k');
  const begin = new CreateMultipartUploadCommand({ Bucket: plain, Key: 'parts' });
  const { UploadId } = await ann.client.send(begin);
  for (const [CopySource, is] of [
    [`${Bucket}/k`, second],
    [`${Bucket}/k?versionId=${first}`, first],
    [`${plain}/k`, undefined],
  ] as const) {
    const whole = new CopyObjectCommand({ Bucket: plain, Key: 'copy', CopySource });
    assert.is((await ann.client.send(whole)).CopySourceVersionId, is);
    const of = { Bucket: plain, Key: 'parts', UploadId, PartNumber: 1, CopySource };
    const part = await ann.client.send(new UploadPartCopyCommand(of));
    assert.is(part.CopySourceVersionId, is);
  }
});

uploads('listings tell what checksum an object has, and of what type', async () => {
  const Bucket = await aBucket();
  await uploaded(Bucket, 'parts');
  await ann.client.send(
    new PutObjectCommand({ Bucket, Key: 'put', Body: 'b', ChecksumAlgorithm: 'CRC32C' }),
  );
  const [one, two, versions] = await Promise.all([
    ann.client.send(new ListObjectsCommand({ Bucket })),
    ann.client.send(new ListObjectsV2Command({ Bucket })),
    ann.client.send(new ListObjectVersionsCommand({ Bucket })),
  ]);
  for (const listed of [one.Contents, two.Contents, versions.Versions])
    assert.equal(
      listed?.map(({ Key, ChecksumAlgorithm, ChecksumType }) => [
        ...[Key, ChecksumAlgorithm, ChecksumType],
      ]),
      [
        ['parts', ['SHA256'], 'COMPOSITE'],
        ['put', ['CRC32C'], 'FULL_OBJECT'],
      ],
    );
});

uploads('what comes without a checksum gets a CRC64NVME, whole or by parts', async () => {
  const Bucket = await aBucket();
  const { accessKeyId, secretAccessKey } = ann;
  const credentials = { accessKeyId, secretAccessKey };
  const client = at.newClient({ credentials, requestChecksumCalculation: 'WHEN_REQUIRED' });
  const Body = '123456789';
  const whole = await client.send(new PutObjectCommand({ Bucket, Key: 'put', Body }));
  const named = { Bucket, Key: 'parts' };
  const begun = await client.send(new CreateMultipartUploadCommand(named));
  assert.is(begun.ChecksumAlgorithm, undefined);
  const { UploadId } = begun;
  const large = Buffer.alloc(partBytes, 'a');
  const first = new UploadPartCommand({ ...named, UploadId, PartNumber: 1, Body: large });
  const { ETag } = await client.send(first);
  const CopySource = `${Bucket}/put`;
  const second = { ...named, UploadId, PartNumber: 2, CopySource };
  const { CopyPartResult: copied } = await client.send(new UploadPartCopyCommand(second));
  const Parts = [
    { PartNumber: 1, ETag },
    { PartNumber: 2, ETag: copied?.ETag },
  ];
  const ofBoth = crc64Of([large, Buffer.from(Body)]);
  const complete = { ...named, UploadId, MultipartUpload: { Parts } };
  const wrong = { ...complete, ChecksumCRC64NVME: whole.ChecksumCRC64NVME };
  const refused = client.send(new CompleteMultipartUploadCommand(wrong));
  assert.is(await failureOf(refused), 'BadDigest');
  const both = await client.send(new CompleteMultipartUploadCommand(complete));
  for (const [answer, Key, value] of [
    [whole, 'put', 'rosUhgp5mIg='],
    [both, 'parts', ofBoth],
  ] as const) {
    const ChecksumMode = 'ENABLED' as const;
    const head = await client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode }));
    for (const { ChecksumCRC64NVME, ChecksumType } of [answer, head])
      assert.equal([ChecksumCRC64NVME, ChecksumType], [value, 'FULL_OBJECT'], Key);
  }
  client.destroy();
});

uploads('tags in a header are kept in the order of their names', async () => {
  const Bucket = await aBucket();
  const named = { Bucket, Key: 'k' };
  await ann.client.send(new PutObjectCommand({ ...named, Tagging: 'foo=bar&bar&Zoo=1' }));
  const { TagSet } = await ann.client.send(new GetObjectTaggingCommand(named));
  assert.equal(TagSet, [
    { Key: 'Zoo', Value: '1' },
    { Key: 'bar', Value: '' },
    { Key: 'foo', Value: 'bar' },
  ]);
});

uploads.run();
