import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { codeOf, failureOf, type S3Place, s3Place } from './s3-place.js';

const versions = suite('versions over S3');

let at: S3Place;
versions.before(async () => {
  at = await s3Place();
});
versions.after(() => at.close());

let count = 0;
async function aBucket(Status?: 'Enabled' | 'Suspended'): Promise<string> {
  const Bucket = `versioned-${count++}`;
  await at.client.send(new CreateBucketCommand({ Bucket }));
  if (Status !== undefined) await setVersioning(Bucket, Status);
  return Bucket;
}

const setVersioning = (Bucket: string, Status: 'Enabled' | 'Suspended') =>
  at.client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
const put = async (Bucket: string, Key: string, Body: string, over: object = {}) => {
  const { VersionId } = await at.client.send(new PutObjectCommand({ Bucket, Key, Body, ...over }));
  return VersionId;
};
const get = async (Bucket: string, Key: string, VersionId?: string) => {
  const answer = await at.client.send(new GetObjectCommand({ Bucket, Key, VersionId }));
  return { body: await answer.Body?.transformToString(), versionId: answer.VersionId };
};
const remove = (Bucket: string, Key: string, VersionId?: string) =>
  at.client.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
const list = (Bucket: string, over: object = {}) =>
  at.client.send(new ListObjectVersionsCommand({ Bucket, ...over }));

versions('versioning is off, then enabled, then suspended; never off again', async () => {
  const Bucket = await aBucket();
  const status = async () =>
    (await at.client.send(new GetBucketVersioningCommand({ Bucket }))).Status;
  assert.is(await status(), undefined);
  await setVersioning(Bucket, 'Enabled');
  assert.is(await status(), 'Enabled');
  await setVersioning(Bucket, 'Suspended');
  assert.is(await status(), 'Suspended');
  const empty = {
    method: 'PUT',
    target: `/${Bucket}?versioning`,
    body: '<VersioningConfiguration/>',
  };
  assert.is(codeOf(await at.send(empty)), 'IllegalVersioningConfigurationException');
  for (const body of [
    '<VersioningConfiguration><Status>Off</Status></VersioningConfiguration>',
    'no XML',
  ]) {
    const answer = await at.send({ method: 'PUT', target: `/${Bucket}?versioning`, body });
    assert.is(codeOf(answer), 'MalformedXML', body);
  }
  const target = '/no-such-bucket-here?versioning';
  assert.is(codeOf(await at.send({ method: 'GET', target })), 'NoSuchBucket');
  const body = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>';
  assert.is(codeOf(await at.send({ method: 'PUT', target, body })), 'NoSuchBucket');
  const denied = await at.send({
    method: 'PUT',
    target: `/${Bucket}?versioning`,
    secret: 'x',
    body,
  });
  assert.is(codeOf(denied), 'SignatureDoesNotMatch');
});

versions('older versions stay, each with an id of its own', async () => {
  const Bucket = await aBucket('Enabled');
  const first = await put(Bucket, 'k', 'one');
  const second = await put(Bucket, 'k', 'two');
  assert.ok(first !== undefined && second !== undefined && first !== second);
  assert.equal(await get(Bucket, 'k'), { body: 'two', versionId: second });
  assert.equal(await get(Bucket, 'k', first), { body: 'one', versionId: first });
  const head = await at.client.send(new HeadObjectCommand({ Bucket, Key: 'k', VersionId: first }));
  assert.is(head.ContentLength, 3);
  assert.is(head.VersionId, first);
  const range = { Bucket, Key: 'k', VersionId: first, Range: 'bytes=1-1' };
  const part = await at.client.send(new GetObjectCommand(range));
  assert.is(await part.Body?.transformToString(), 'n');
  const { Versions = [] } = await list(Bucket);
  assert.equal(
    Versions.map(({ VersionId, IsLatest, Size }) => ({ VersionId, IsLatest, Size })),
    [
      { VersionId: second, IsLatest: true, Size: 3 },
      { VersionId: first, IsLatest: false, Size: 3 },
    ],
  );
});

versions('a bucket that never had versions tells of none', async () => {
  const Bucket = await aBucket();
  assert.is(await put(Bucket, 'k', 'one'), undefined);
  assert.equal(await get(Bucket, 'k'), { body: 'one', versionId: undefined });
  assert.is((await get(Bucket, 'k', 'null')).body, 'one');
  const { Versions = [] } = await list(Bucket);
  assert.equal(
    Versions.map(({ VersionId }) => VersionId),
    ['null'],
  );
  await remove(Bucket, 'k', 'null');
  assert.is(await failureOf(get(Bucket, 'k')), 'NoSuchKey');
});

versions('a DELETE makes a delete marker; deleting that brings the object back', async () => {
  const Bucket = await aBucket('Enabled');
  const first = await put(Bucket, 'k', 'one');
  const marker = await remove(Bucket, 'k');
  assert.is(marker.DeleteMarker, true);
  const { VersionId } = marker;
  assert.ok(VersionId !== undefined);
  const target = `/${Bucket}/k`;
  for (const method of ['GET', 'HEAD']) {
    const gone = await at.send({ method, target });
    assert.is(gone.status, 404);
    assert.is(gone.headers['x-amz-delete-marker'], 'true');
    assert.is(gone.headers['x-amz-version-id'], VersionId);
    const itself = await at.send({ method, target: `${target}?versionId=${VersionId}` });
    assert.is(itself.status, 405);
    assert.is(itself.headers['x-amz-delete-marker'], 'true');
  }
  assert.is((await at.client.send(new ListObjectsV2Command({ Bucket }))).KeyCount, 0);
  assert.is((await get(Bucket, 'k', first)).body, 'one');
  const { DeleteMarkers = [], Versions = [] } = await list(Bucket);
  assert.is(DeleteMarkers[0]?.IsLatest, true);
  assert.is(Versions[0]?.IsLatest, false);
  const undone = await remove(Bucket, 'k', VersionId);
  assert.is(undone.DeleteMarker, true);
  assert.is(undone.VersionId, VersionId);
  assert.is((await get(Bucket, 'k')).body, 'one');
  await remove(Bucket, 'k', first);
  assert.is(await failureOf(get(Bucket, 'k')), 'NoSuchKey');
  assert.is((await remove(Bucket, 'never there')).DeleteMarker, true);
});

versions('while versioning is suspended there is one null version, beside the others', async () => {
  const Bucket = await aBucket();
  await put(Bucket, 'k', 'from before');
  await setVersioning(Bucket, 'Enabled');
  const kept = await put(Bucket, 'k', 'kept');
  assert.is((await get(Bucket, 'k', 'null')).body, 'from before');
  await setVersioning(Bucket, 'Suspended');
  assert.is(await put(Bucket, 'k', 'null again'), undefined);
  assert.equal(await get(Bucket, 'k'), { body: 'null again', versionId: 'null' });
  assert.is((await get(Bucket, 'k', kept)).body, 'kept');
  const marker = await remove(Bucket, 'k');
  assert.is(marker.VersionId, 'null');
  const { Versions = [], DeleteMarkers = [] } = await list(Bucket);
  assert.equal([Versions[0]?.VersionId, DeleteMarkers[0]?.VersionId], [kept, 'null']);
  assert.is(Versions.length + DeleteMarkers.length, 2);
});

versions('what is no version is refused; what is not there is said so', async () => {
  const Bucket = await aBucket('Enabled');
  const first = (await put(Bucket, 'k', 'one')) ?? '';
  const other = '0000000000fffff0';
  for (const method of ['GET', 'HEAD', 'DELETE']) {
    const target = `/${Bucket}/k?versionId=`;
    assert.is((await at.send({ method, target: `${target}no-id` })).status, 400);
    assert.is((await at.send({ method, target })).status, 400);
    const denied = await at.send({ method, target: `${target}${first}`, secret: 'x' });
    assert.is(denied.status, 403);
  }
  assert.is(await failureOf(get(Bucket, 'k', other)), 'NoSuchVersion');
  assert.is(await failureOf(get(Bucket, 'k', 'null')), 'NoSuchVersion');
  assert.is(await failureOf(get(Bucket, 'other', first)), 'NoSuchVersion');
  assert.is((await remove(Bucket, 'k', other)).VersionId, other);
  assert.is((await get(Bucket, 'k')).body, 'one');
  const answer = await at.send({ method: 'PUT', target: `/${Bucket}/k?versionId=${first}` });
  assert.is(answer.status, 501);
});

versions(
  'faults 75: conditions see a delete marker as nothing, and older versions not',
  async () => {
    const Bucket = await aBucket('Enabled');
    await put(Bucket, 'lock', 'one', { IfNoneMatch: '*' });
    assert.is(
      await failureOf(put(Bucket, 'lock', 'two', { IfNoneMatch: '*' })),
      'PreconditionFailed',
    );
    await remove(Bucket, 'lock');
    const target = `/${Bucket}/lock`;
    const headers = { 'if-none-match': '*' };
    const statuses = await Promise.all(
      Array.from({ length: 12 }, async (_, n) => {
        return (await at.send({ method: 'PUT', target, headers, body: `writer ${n}` })).status;
      }),
    );
    assert.equal([...statuses].sort(), [200, ...Array.from({ length: 11 }, () => 412)]);
    assert.is((await list(Bucket)).Versions?.length, 2);
    const etag = (await at.send({ method: 'HEAD', target })).headers.etag ?? '';
    const matching = (value: string) =>
      at.send({ method: 'DELETE', target, headers: { 'if-match': value } });
    assert.is((await matching('"another"')).status, 412);
    assert.is((await matching(etag)).headers['x-amz-delete-marker'], 'true');
    assert.is(await failureOf(put(Bucket, 'lock', 'x', { IfMatch: etag })), 'NoSuchKey');
  },
);

versions('DeleteObjects takes versions, and tells of markers', async () => {
  const Bucket = await aBucket('Enabled');
  const first = await put(Bucket, 'a', 'one');
  await put(Bucket, 'b', 'two');
  const remove = (Objects: { Key: string; VersionId?: string | undefined }[]) =>
    at.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  const { Deleted = [], Errors } = await remove([
    { Key: 'a', VersionId: first },
    { Key: 'b' },
    { Key: 'c', VersionId: 'no-id' },
  ]);
  assert.is(Errors?.[0]?.Code, 'InvalidArgument');
  assert.is(Errors?.[0]?.VersionId, 'no-id');
  const [ofA, ofB] = Deleted;
  assert.is(ofA?.VersionId, first);
  assert.is(ofA?.DeleteMarker, undefined);
  assert.is(ofB?.DeleteMarker, true);
  const marker = ofB?.DeleteMarkerVersionId;
  const undone = await remove([{ Key: 'b', VersionId: marker }]);
  assert.is(undone.Deleted?.[0]?.DeleteMarkerVersionId, marker);
  assert.is((await get(Bucket, 'b')).body, 'two');
});

versions('copies are of the version that is named', async () => {
  const Bucket = await aBucket('Enabled');
  const first = await put(Bucket, 'k', 'one');
  await put(Bucket, 'k', 'two');
  const CopySource = `${Bucket}/k?versionId=${first}`;
  const copied = await at.client.send(new CopyObjectCommand({ Bucket, Key: 'k', CopySource }));
  assert.is(copied.CopySourceVersionId, first);
  assert.equal(await get(Bucket, 'k'), { body: 'one', versionId: copied.VersionId });
  const upload = await at.client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'm' }));
  const { UploadId } = upload;
  const part = { Bucket, Key: 'm', UploadId, PartNumber: 1 };
  const ofPart = await at.client.send(new UploadPartCopyCommand({ ...part, CopySource }));
  assert.is(ofPart.CopySourceVersionId, first);
  await at.client.send(new AbortMultipartUploadCommand({ Bucket, Key: 'm', UploadId }));
  const copy = (source: string) =>
    failureOf(at.client.send(new CopyObjectCommand({ Bucket, Key: 'x', CopySource: source })));
  assert.is(await copy(`${Bucket}/k?versionId=0000000000fffff0`), 'NoSuchVersion');
  assert.is(await copy(`${Bucket}/k?versionId=no-id`), 'InvalidArgument');
  await remove(Bucket, 'k');
  assert.is(await copy(`${Bucket}/k`), 'NoSuchKey');
});

versions('an upload completes as a version', async () => {
  const Bucket = await aBucket('Enabled');
  const before = await put(Bucket, 'm', 'before');
  const { UploadId } = await at.client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'm' }));
  const upload = { Bucket, Key: 'm', UploadId };
  const part = new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'parts' });
  const { ETag } = await at.client.send(part);
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  const complete = () =>
    at.client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload }));
  const { VersionId } = await complete();
  assert.ok(VersionId !== undefined && VersionId !== before);
  assert.is((await complete()).VersionId, VersionId);
  assert.equal(await get(Bucket, 'm'), { body: 'parts', versionId: VersionId });
  assert.is((await get(Bucket, 'm', before)).body, 'before');
});

versions('a bucket with versions or delete markers is not empty', async () => {
  const Bucket = await aBucket('Enabled');
  const first = await put(Bucket, 'k', 'one');
  const { VersionId } = await remove(Bucket, 'k');
  const removeBucket = () => at.client.send(new DeleteBucketCommand({ Bucket }));
  assert.is(await failureOf(removeBucket()), 'BucketNotEmpty');
  await remove(Bucket, 'k', first);
  assert.is(await failureOf(removeBucket()), 'BucketNotEmpty');
  await remove(Bucket, 'k', VersionId);
  await removeBucket();
});

versions('pages of versions end with every version seen once, prefixes folded', async () => {
  const Bucket = await aBucket('Enabled');
  const all: string[] = [];
  for (const key of ['a', 'b/1', 'b/2', 'c d']) {
    for (const body of ['one', 'two']) await put(Bucket, key, body);
    await remove(Bucket, key);
    all.push(key, key, key);
  }
  for (const MaxKeys of [1, 2, 5]) {
    const seen: string[] = [];
    let markers: object = {};
    for (;;) {
      const page = await list(Bucket, { MaxKeys, EncodingType: 'url', ...markers });
      for (const { Key = '' } of [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])])
        seen.push(decodeURIComponent(Key));
      if (page.IsTruncated !== true) break;
      const { NextKeyMarker = '', NextVersionIdMarker: VersionIdMarker } = page;
      markers = { KeyMarker: decodeURIComponent(NextKeyMarker), VersionIdMarker };
    }
    assert.equal(seen.sort(), all, `pages of ${MaxKeys}`);
  }
  const folded = await list(Bucket, { Delimiter: '/', Prefix: '' });
  assert.equal(
    folded.CommonPrefixes?.map(({ Prefix }) => Prefix),
    ['b/'],
  );
  assert.is(folded.Versions?.length, 4);
  const objects = await at.client.send(new ListObjectsV2Command({ Bucket, Delimiter: '/' }));
  assert.is(objects.KeyCount, 0);
  assert.is(objects.IsTruncated, false);
  await put(Bucket, 'b/2', 'back');
  const again = await at.client.send(
    new ListObjectsV2Command({ Bucket, Delimiter: '/', MaxKeys: 1 }),
  );
  assert.equal(
    again.CommonPrefixes?.map(({ Prefix }) => Prefix),
    ['b/'],
  );
  assert.is(again.IsTruncated, false);
  const target = `/${Bucket}?versions&version-id-marker=x`;
  assert.is(codeOf(await at.send({ method: 'GET', target })), 'InvalidArgument');
});

versions.run();
