import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { limits } from '../../../src/base/limits.js';
import { inParts, partBytesOf } from '../../../tools/s3-upload.js';

const upload = suite('parts of an upload');

async function partsOf(chunks: readonly string[], partBytes: number): Promise<string[]> {
  async function* body() {
    for (const chunk of chunks) yield Buffer.from(chunk);
  }
  const parts: string[] = [];
  for await (const part of inParts(body(), () => partBytes)) parts.push(part.toString());
  return parts;
}

upload('are cut at their size whatever the chunks are, the last one shorter', async () => {
  assert.equal(await partsOf(['abcdefg'], 3), ['abc', 'def', 'g']);
  assert.equal(await partsOf(['a', 'b', 'cd', '', 'ef'], 3), ['abc', 'def']);
  assert.equal(await partsOf(['ab'], 3), ['ab']);
});

upload('of an empty body are one empty part', async () => {
  assert.equal(await partsOf([], 3), ['']);
});

upload('close their source when they are given up', async () => {
  let closed = false;
  async function* endless() {
    try {
      for (;;) yield Buffer.alloc(10);
    } finally {
      closed = true;
    }
  }
  const parts = inParts(endless(), () => 4);
  await parts.next();
  await parts.return(undefined);
  assert.ok(closed);
});

upload('hold the largest object in 10,000, of known size or not', () => {
  const known = partBytesOf(1, limits.objectBytesMax);
  assert.ok(known * limits.partCountMax >= limits.objectBytesMax);
  assert.ok(known <= limits.putBytesMax);
  let sumBytes = 0;
  for (let number = 1; number <= limits.partCountMax; number++)
    sumBytes += partBytesOf(number, undefined);
  assert.ok(sumBytes >= limits.objectBytesMax, String(sumBytes));
  assert.ok(partBytesOf(1, undefined) >= limits.partBytesMin);
});

upload.run();
