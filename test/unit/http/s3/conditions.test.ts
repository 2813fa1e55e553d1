import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  copySourceCondition,
  etagCondition,
  readCondition,
  readVerdict,
  writeCondition,
} from '../../../../src/http/s3/conditions.js';
import { formatHttpDate, parseHttpDate } from '../../../../src/http/s3/http-date.js';
import { S3Error } from '../../../../src/http/s3/s3-error.js';

const conditions = suite('conditions');
const modifiedUnixMs = Date.UTC(1994, 10, 6, 8, 49, 37) + 250;
const info = { etag: 'abc', modifiedUnixMs };
const before = 'Sun, 06 Nov 1994 08:49:36 GMT';
const same = 'Sun, 06 Nov 1994 08:49:37 GMT'; // the object's own Last-Modified
const after = 'Sun, 06 Nov 1994 08:49:38 GMT';

type Headers = Parameters<typeof readCondition>[0];
const verdicts: [verdict: string, headers: Headers][] = [
  ['ok', {}],
  ['ok', { 'if-match': '"abc"' }],
  ['ok', { 'if-match': 'abc' }],
  ['ok', { 'if-match': 'W/"abc"' }],
  ['ok', { 'if-match': '"x", "abc"' }],
  ['ok', { 'if-match': ['"x"', '"abc"'] }],
  ['ok', { 'if-match': '*' }],
  ['failed', { 'if-match': '"x"' }],
  ['failed', { 'if-match': '' }],
  ['not-modified', { 'if-none-match': '"abc"' }],
  ['not-modified', { 'if-none-match': '*' }],
  ['not-modified', { 'if-none-match': '"x",W/"abc"' }],
  ['ok', { 'if-none-match': '"x"' }],
  ['ok', { 'if-modified-since': before }],
  ['not-modified', { 'if-modified-since': same }],
  ['not-modified', { 'if-modified-since': after }],
  ['failed', { 'if-unmodified-since': before }],
  ['ok', { 'if-unmodified-since': same }],
  ['ok', { 'if-unmodified-since': after }],
  ['ok', { 'if-unmodified-since': 'yesterday', 'if-modified-since': 'tomorrow' }],
  // RFC 9110 §13.2.2: an ETag makes the date of the same sense count for nothing
  ['ok', { 'if-match': '"abc"', 'if-unmodified-since': before }],
  ['failed', { 'if-match': '"x"', 'if-unmodified-since': after }],
  ['ok', { 'if-none-match': '"x"', 'if-modified-since': after }],
  ['not-modified', { 'if-none-match': '"abc"', 'if-modified-since': before }],
  ['failed', { 'if-match': '"x"', 'if-none-match': '"abc"' }],
  ['not-modified', { 'if-match': '"abc"', 'if-none-match': '"abc"' }],
  ['failed', { 'if-unmodified-since': before, 'if-modified-since': after }],
  ['not-modified', { 'if-unmodified-since': after, 'if-modified-since': after }],
];
for (const [verdict, headers] of verdicts)
  conditions(`${JSON.stringify(headers)}: ${verdict}`, () => {
    assert.is(readVerdict(readCondition(headers), info), verdict);
    const named = Object.entries(headers).map(([name, value]) => [
      `x-amz-copy-source-${name}`,
      value,
    ]);
    const onSource: Headers = Object.fromEntries(named);
    assert.is(readVerdict(copySourceCondition(onSource), info), verdict);
    assert.is(readCondition(onSource), undefined);
  });

conditions('a write takes one ETag, or the absence of any version', () => {
  assert.equal(writeCondition({}), {});
  assert.equal(writeCondition({ 'if-match': '"abc"' }), { ifMatch: 'abc' });
  assert.equal(writeCondition({ 'if-match': '*' }), { ifMatch: '*' });
  assert.equal(writeCondition({ 'if-none-match': '*' }), { ifAbsent: true });
  assert.equal(writeCondition({ 'if-modified-since': after }), {});
  assert.equal(etagCondition('"abc"'), { ifMatch: 'abc' });
  assert.equal(etagCondition('abc'), { ifMatch: 'abc' });
  for (const headers of [
    { 'if-none-match': '"abc"' },
    { 'if-match': '"a","b"' },
    { 'if-match': '"a"', 'if-none-match': '*' },
  ])
    assert.throws(
      () => writeCondition(headers),
      (error: unknown) => error instanceof S3Error && error.code === 'NotImplemented',
    );
});

conditions('dates in the three forms of HTTP are one time, and it is written in the first', () => {
  const timeMs = Date.UTC(1994, 10, 6, 8, 49, 37);
  for (const text of [same, 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994'])
    assert.is(parseHttpDate(text), timeMs, text);
  assert.is(formatHttpDate(timeMs), same);
  assert.is(parseHttpDate('Saturday, 01-Jan-00 00:00:00 GMT'), Date.UTC(2000, 0, 1));
});

conditions('what is no date is none', () => {
  for (const text of [
    '',
    '0',
    '784111777',
    '1994-11-06T08:49:37Z',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 06 Nov 1994 08:49:37 EST',
    'Sun, 31 Feb 1994 08:49:37 GMT',
    'Sun, 00 Nov 1994 08:49:37 GMT',
    'Sun, 06 Abc 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 24:00:00 GMT',
  ])
    assert.is(parseHttpDate(text), undefined, text);
});

conditions.run();
