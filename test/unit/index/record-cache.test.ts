import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RecordCache } from '../../../src/index/record-cache.js';
import { SeededRandom } from '../../sim/seeded-random.js';

const it = suite('record cache');

const kib = 1024;

it('gives back what was put, by sequence numbers of any size', () => {
  const cache = new RecordCache<string>(100 * kib);
  const numbers = [1, 2, 2 ** 31, 2 ** 32 + 1, 2 ** 52 + 1];
  for (const number of numbers) cache.set(number, `value ${number}`, 100);
  for (const number of numbers) assert.is(cache.get(number), `value ${number}`);
  assert.is(cache.get(3), undefined);
  assert.is(cache.get(2 ** 33 + 1), undefined);
});

it('never holds more bytes than it may, and counts what goes and is replaced', () => {
  const cache = new RecordCache<number>(64 * kib);
  for (let number = 1; number <= 10_000; number++) {
    cache.set(number, number, (number * 37) % (9 * kib));
    assert.ok(cache.sizeBytes <= cache.bytesMax);
  }
  assert.ok(cache.sizeBytes > cache.bytesMax / 2, 'and it does use them');
  for (let number = 1; number <= 10_000; number++) cache.delete(number);
  assert.is(cache.count, 0);
  assert.is(cache.sizeBytes, 0);
  cache.set(5, 1, 1000);
  const { sizeBytes } = cache;
  cache.set(5, 2, 1000);
  assert.is(cache.get(5), 2);
  assert.is(cache.sizeBytes, sizeBytes);
  cache.clear();
  assert.is(cache.get(5), undefined);
  assert.is(cache.sizeBytes, 0);
});

it('keeps what is read again and again while a scan passes through', () => {
  const cache = new RecordCache<number>(100 * kib);
  const often = [1, 2, 3, 4, 5];
  for (const number of often) cache.set(number, number, kib);
  for (let number = 100; number < 5000; number++) {
    if (number % 10 === 0) for (const hot of often) assert.is(cache.get(hot), hot);
    cache.set(number, number, kib);
  }
  assert.is(cache.get(100), undefined);
});

it('does not throw out all the others for one value that is too large', () => {
  const cache = new RecordCache<number>(64 * kib);
  for (let number = 1; number <= 10; number++) cache.set(number, number, kib);
  cache.set(11, 11, 60 * kib);
  assert.is(cache.get(11), undefined);
  assert.is(cache.count, 10);
  cache.set(10, 0, 60 * kib);
  assert.is(cache.get(10), undefined, 'and what it was to replace is gone');
});

it('holds nothing when it may hold nothing', () => {
  const cache = new RecordCache<number>(0);
  cache.set(1, 1, 0);
  assert.is(cache.get(1), undefined);
});

it('its own arrays stay the size that its entries need', () => {
  const cache = new RecordCache<number>(64 * kib);
  const before = process.memoryUsage().arrayBuffers;
  for (let number = 1; number <= 1_000_000; number++) cache.set(number, number, kib);
  assert.ok(process.memoryUsage().arrayBuffers - before < kib * kib);
});

it('never answers with another value than the last one put, over random calls', () => {
  const random = new SeededRandom(7);
  const cache = new RecordCache<number>(32 * kib);
  const last = new Map<number, number>();
  let hits = 0;
  for (let step = 0; step < 100_000; step++) {
    const number = 1 + random.below(300) * 2 ** random.below(24);
    const choice = random.below(10);
    if (choice < 4) {
      cache.set(number, step, random.below(kib));
      last.set(number, step);
    } else if (choice < 5) {
      cache.delete(number);
      last.delete(number);
    } else {
      const value = cache.get(number);
      if (value === undefined) continue;
      hits++;
      assert.is(value, last.get(number));
    }
  }
  assert.ok(hits > 1000);
});

it.run();
