import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ReadDocuments } from '../../../../src/http/s3/read-documents.js';

const documents = suite('documents that are read once');

documents('what was read is not read again, until others have taken its room', () => {
  const read: string[] = [];
  const kept = new ReadDocuments((bytes) => {
    const text = Buffer.from(bytes).toString().trim();
    read.push(text);
    return text;
  });
  const large = (name: string) => name.padEnd(128 * 1024);
  for (const name of ['a', 'a', 'b', 'a']) assert.is(kept.of(large(name)), name);
  assert.equal(read, ['a', 'b']);
  for (let index = 0; index < 1_000; index += 1) kept.of(large(`other ${index}`));
  assert.is(kept.count, 32);
  kept.of(large('a'));
  assert.is(read.at(-1), 'a');
});

documents.run();
