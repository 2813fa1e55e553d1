import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { freeSpent } from '../../../src/memory/spent-memory.js';

const it = suite('spent memory');

it('is empty, and its memory is given back without a collection', () => {
  const before = process.memoryUsage().arrayBuffers;
  for (let count = 0; count < 4_096; count++) {
    const chunk = Buffer.allocUnsafeSlow(64 * 1024);
    freeSpent(chunk);
    assert.is(chunk.length, 0);
  }
  // Left to itself a collection comes long before 256 MiB, but hardly before 32.
  assert.ok(process.memoryUsage().arrayBuffers - before < 16 * 1024 ** 2);
});

it('that is a view of memory with other owners stays as it is', () => {
  const memory = Buffer.alloc(64 * 1024, 'x');
  freeSpent(memory.subarray(0, 32 * 1024));
  freeSpent(Buffer.from(new SharedArrayBuffer(64 * 1024)));
  assert.is(memory.length, 64 * 1024);
  assert.is(memory.toString('latin1', 0, 3), 'xxx');
});

it.run();
