import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { FlatHeaders } from '../../../src/http/s3/answer.js';
import { withHoistedHeaders } from '../../../src/http/s3/hoisted-headers.js';
import {
  describeObject,
  headerBytes,
  headerText,
  objectAttributes,
  responseOverrides,
} from '../../../src/http/s3/object-headers.js';
import { Query } from '../../../src/http/s3/query.js';
import { S3Error } from '../../../src/http/s3/s3-error.js';
import type { ObjectInfo } from '../../../src/store/types.js';

const headers = suite('headers of objects');

const refusedWith = (code: string) => (error: unknown) =>
  error instanceof S3Error && error.code === code;

const info: ObjectInfo = {
  bucket: 'b',
  key: 'k',
  version: 1,
  sizeBytes: 3,
  etag: 'abc',
  modifiedUnixMs: 1_700_000_000_987,
  expiresUnixMs: undefined,
  sha256: undefined,
  checksums: [],
  headers: {},
  userMetadata: {},
  parts: [],
  ...{ versionId: undefined, tagCount: 0, lock: undefined, encryptedBy: undefined },
};

function named(flat: FlatHeaders): Record<string, string | number> {
  const found: Record<string, string | number> = {};
  for (let at = 0; at < flat.length; at += 2) found[String(flat[at])] = flat[at + 1] ?? '';
  return found;
}

headers('stored headers and metadata come out as they went in', () => {
  const sent = {
    host: 'x',
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-cache',
    'content-disposition': 'attachment; filename="\u00e6\u00bc\u00a2"',
    'content-encoding': 'gzip',
    'content-language': 'de',
    expires: 'whenever',
    'x-amz-meta-color': 'blue',
    'x-amz-meta-name': '\u00e6\u00bc\u00a2',
  };
  const attributes = objectAttributes(sent);
  assert.equal(attributes.userMetadata, { color: 'blue', name: '漢' });
  assert.is(attributes.headers?.contentDisposition, 'attachment; filename="漢"');
  const back = named(
    describeObject({
      ...info,
      headers: attributes.headers ?? {},
      userMetadata: attributes.userMetadata ?? {},
    }),
  );
  for (const [name, value] of Object.entries(sent))
    if (name !== 'host') assert.is(back[name], value, name);
  assert.is(back['last-modified'], 'Tue, 14 Nov 2023 22:13:20 GMT');
  assert.is(back.etag, '"abc"');
});

headers('aws-chunked is no property of the object', () => {
  const encodingOf = (value: string) =>
    objectAttributes({ 'content-encoding': value }).headers?.contentEncoding;
  assert.is(encodingOf('aws-chunked'), undefined);
  assert.is(encodingOf('aws-chunked,gzip'), 'gzip');
  assert.is(encodingOf('gzip, aws-chunked'), 'gzip');
  assert.is(encodingOf('gzip,br'), 'gzip,br');
});

headers('metadata of 2 KiB is taken, one byte more is not', () => {
  assert.ok(objectAttributes({ 'x-amz-meta-k': 'v'.repeat(2047) }));
  assert.throws(
    () => objectAttributes({ 'x-amz-meta-k': 'v'.repeat(2048) }),
    refusedWith('MetadataTooLarge'),
  );
});

headers('a name of Object.prototype is a name like others', () => {
  const sent = JSON.parse('{"x-amz-meta-__proto__":"p","x-amz-meta-constructor":"c"}');
  const { userMetadata = {} } = objectAttributes(sent);
  assert.equal(Object.entries(userMetadata), [
    ['__proto__', 'p'],
    ['constructor', 'c'],
  ]);
  assert.is(named(describeObject({ ...info, userMetadata }))['x-amz-meta-constructor'], 'c');
});

headers('bytes that are not UTF-8 are refused, not changed', () => {
  assert.is(headerText('plain'), 'plain');
  assert.is(headerBytes(headerText('\u00c3\u00bc')), '\u00c3\u00bc');
  assert.throws(() => headerText('\u00fc'), refusedWith('InvalidArgument'));
});

headers('faults 104: what would split an answer is left out and counted', () => {
  const found = named(
    describeObject({
      ...info,
      headers: { contentType: 'text/html\r\nset-cookie: a=b' },
      userMetadata: { ok: '1', bad: 'a\r\nb', 'bad name': 'x' },
    }),
  );
  assert.is(found['content-type'], 'binary/octet-stream');
  assert.is(found['x-amz-meta-ok'], '1');
  assert.is(found['x-amz-missing-meta'], 2);
  assert.is(found['x-content-type-options'], 'nosniff');
  assert.not.ok('x-amz-meta-bad' in found);
});

headers('faults 104: overrides with line ends are refused', () => {
  const overrides = responseOverrides(new Query('response-content-type=text%2Fplain&x=1'));
  assert.equal(overrides, { contentType: 'text/plain' });
  assert.is(responseOverrides(new Query('x-id=GetObject')), undefined);
  assert.throws(
    () => responseOverrides(new Query('response-content-disposition=a%0D%0Aset-cookie%3A%20a')),
    refusedWith('InvalidArgument'),
  );
});

headers('overrides go before what is stored', () => {
  const stored = { contentType: 'text/plain', cacheControl: 'no-cache' };
  const found = named(describeObject({ ...info, headers: stored }, { contentType: 'a/b' }));
  assert.is(found['content-type'], 'a/b');
  assert.is(found['cache-control'], 'no-cache');
});

headers('parameters of a presigned URL count as headers, those of its signature do not', () => {
  const query = new Query(
    'X-Amz-Signature=s&X-Amz-Date=d&x-amz-meta-a=%E6%BC%A2&X-Amz-Acl=private&acl=1',
  );
  const merged = withHoistedHeaders({ host: 'h' }, query);
  assert.equal(merged, {
    host: 'h',
    'x-amz-meta-a': '\u00e6\u00bc\u00a2',
    'x-amz-acl': 'private',
  });
});

headers('a signed header goes before the parameter of its name', () => {
  const merged = withHoistedHeaders({ 'x-amz-acl': 'private' }, new Query('x-amz-acl=public-read'));
  assert.is(merged['x-amz-acl'], 'private');
});

headers('a checksum in a URL counts, unless it is that of no bytes', () => {
  const hoisted = (raw: string) => withHoistedHeaders({}, new Query(raw));
  const crc = { 'x-amz-checksum-crc32': 'y/Q5Jg==', 'x-amz-sdk-checksum-algorithm': 'CRC32' };
  const both = 'x-amz-sdk-checksum-algorithm=CRC32&x-amz-checksum-crc32';
  assert.equal(hoisted(`${both}=y%2FQ5Jg%3D%3D`), crc);
  assert.equal(hoisted(`${both}=AAAAAA%3D%3D`), {});
});

headers('faults 104: a parameter that no header could be is refused', () => {
  for (const raw of ['x-amz-meta-a=%0D%0Ab', 'x-amz-meta-a%20b=1', 'x-amz-meta-a=%00'])
    assert.throws(() => withHoistedHeaders({}, new Query(raw)), refusedWith('InvalidArgument'));
});

headers.run();
