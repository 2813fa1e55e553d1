import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { resolveRange } from '../../../../src/http/s3/range.js';

const range = suite('range');
const from = (startBytes: number, endBytes: number) => ({ startBytes, endBytes });

const cases: [header: string | undefined, sizeBytes: number, ReturnType<typeof resolveRange>][] = [
  [undefined, 10, 'whole'],
  ['bytes=0-4', 10, from(0, 5)],
  ['bytes=0-0', 10, from(0, 1)],
  ['bytes=9-9', 10, from(9, 10)],
  ['Bytes= 2-3 ', 10, from(2, 4)],
  ['bytes=5-', 10, from(5, 10)],
  ['bytes=5-100', 10, from(5, 10)],
  ['bytes=-3', 10, from(7, 10)],
  ['bytes=-100', 10, from(0, 10)],
  [`bytes=0-${'9'.repeat(400)}`, 10, from(0, 10)],
  [`bytes=-${'9'.repeat(400)}`, 10, from(0, 10)],
  ['bytes=10-', 10, 'unsatisfiable'],
  ['bytes=10-20', 10, 'unsatisfiable'],
  [`bytes=${'9'.repeat(400)}-`, 10, 'unsatisfiable'],
  ['bytes=-0', 10, 'unsatisfiable'],
  ['bytes=0-', 0, 'unsatisfiable'],
  ['bytes=-5', 0, 'unsatisfiable'],
];
for (const [header, sizeBytes, expected] of cases)
  range(`${header?.slice(0, 30)} of ${sizeBytes} bytes`, () => {
    assert.equal(resolveRange(header, sizeBytes), expected);
  });

range('faults 103: reversed, malformed and many ranges count as none', () => {
  const many = `bytes=${Array.from({ length: 3000 }, (_, at) => `${at}-${at + 9}`).join(',')}`;
  for (const header of [
    'bytes=5-3',
    'bytes=-',
    'bytes=',
    'bytes=a-b',
    'bytes=1-2-3',
    'bytes=--5',
    'bytes=0x0-0x5',
    'bytes=1.5-2',
    'items=0-4',
    '0-4',
    '',
    'bytes=0-1,4-5',
    many,
  ])
    assert.is(resolveRange(header, 10), 'whole', header.slice(0, 40));
});

range.run();
