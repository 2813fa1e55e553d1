import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LogBatches } from '../../../../src/http/s3/log-batches.js';
import type { LoggingRule } from '../../../../src/http/s3/logging-rule.js';

const it = suite('lines that wait for their log');

const rule: LoggingRule = { targetBucket: 'logs', prefix: 'a/', keyFormat: 'simple' };
const bounds = { objectBytesMax: 30, sourceBytesMax: 60, totalBytesMax: 100 };
const of = (bucket: string, own: Partial<LoggingRule> = {}) => {
  return { bucket, ownerId: '', rule: { ...rule, ...own } };
};
const dayMs = 86_400_000;
const tenBytes = '123456789\n';

/** The sources and counts of lines of all batches, the oldest first. */
function takeAll(batches: LogBatches): readonly string[] {
  batches.end();
  const taken: string[] = [];
  for (let next = batches.next; next !== undefined; next = batches.next) {
    taken.push(`${next.source} ${next.rule.prefix} ${next.lines.length}`);
    batches.shift();
  }
  return taken;
}

it('lines of one bucket gather until an object is full', () => {
  const batches = new LogBatches(bounds);
  assert.is(batches.add(of('b'), 0, tenBytes), false);
  assert.is(batches.add(of('c'), 0, tenBytes), false);
  assert.is(batches.add(of('b'), 0, tenBytes), false);
  assert.is(batches.next, undefined);
  assert.is(batches.add(of('b'), 0, tenBytes), true);
  assert.equal(batches.next?.lines, [tenBytes, tenBytes, tenBytes]);
  assert.equal(takeAll(batches), ['b a/ 3', 'c a/ 1']);
  assert.ok(batches.isEmpty);
  assert.is(batches.sizeBytes, 0);
});

it('a bucket whose lines nobody takes drops what comes later, and others do not', () => {
  const batches = new LogBatches(bounds);
  for (let count = 0; count < 1_000; count += 1) batches.add(of('b'), 0, tenBytes);
  assert.is(batches.sizeBytes, 60);
  batches.add(of('c'), 0, tenBytes);
  assert.equal([...batches.takeDropped()], [['b', 994]]);
  assert.equal([...batches.takeDropped()], []);
  assert.equal(takeAll(batches), ['b a/ 3', 'b a/ 3', 'c a/ 1']);
  batches.add(of('b'), 0, tenBytes);
  assert.equal([...batches.takeDropped()], [], 'there is room again');
});

it('all buckets together have a bound', () => {
  const batches = new LogBatches(bounds);
  for (let bucket = 0; bucket < 50; bucket += 1) batches.add(of(`b${bucket}`), 0, tenBytes);
  assert.is(batches.sizeBytes, 100);
  assert.is(batches.takeDropped().size, 40);
});

it('one object has lines under one rule and of one owner', () => {
  const batches = new LogBatches(bounds);
  batches.add(of('b'), 0, tenBytes);
  batches.add(of('b'), 0, tenBytes);
  batches.add(of('b', { prefix: 'other/' }), 0, tenBytes);
  batches.add({ ...of('b', { prefix: 'other/' }), ownerId: 'f' }, 0, tenBytes);
  assert.equal(takeAll(batches), ['b a/ 2', 'b other/ 1', 'b other/ 1']);
});

it('where objects are named by the day of events, one has events of one day', () => {
  const byEvent = new LogBatches(bounds);
  const byDelivery = new LogBatches(bounds);
  for (const timeMs of [dayMs - 1, dayMs, dayMs + 1]) {
    byEvent.add(of('b', { keyFormat: 'by-event-time' }), timeMs, '1\n');
    byDelivery.add(of('b', { keyFormat: 'by-delivery-time' }), timeMs, '1\n');
  }
  assert.equal(takeAll(byEvent), ['b a/ 1', 'b a/ 2']);
  assert.equal(takeAll(byDelivery), ['b a/ 3']);
});

it('what is dropped at the end is counted', () => {
  const batches = new LogBatches(bounds);
  for (let count = 0; count < 5; count += 1) batches.add(of('b'), 0, tenBytes);
  batches.dropAll();
  assert.ok(batches.isEmpty);
  assert.equal([...batches.takeDropped()], [['b', 5]]);
});

it.run();
