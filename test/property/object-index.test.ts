import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { versionKey } from '../../src/format/key-encoding.js';
import { ObjectIndex } from '../../src/index/object-index.js';
import { contentHash, digestOf, entryOf } from '../unit/index/sample-entries.js';

const it = suite('object index beside a map');

const step = fc.record({
  does: fc.constantFrom('insert', 'insert', 'remove'),
  key: fc.constantFrom('', 'a', 'a\0', 'ab', 'b', 'long-enough-for-another-block'),
  version: fc.nat(6),
  content: fc.option(fc.nat(5).map(String), { nil: undefined }),
});

it('holds what the map holds, finds it by key and content, and digests it alike', () => {
  const contents = ['0', '1', '2', '3', '4', '5'];
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
      const index = new ObjectIndex();
      const model = new Map<string, { key: Uint8Array; number: number; content?: string }>();
      for (const [number, { does, key: name, version, content }] of steps.entries()) {
        const key = versionKey('b', name, version);
        const hex = Buffer.from(key).toString('hex');
        if (does === 'remove') assert.is(index.remove(key), model.delete(hex));
        else if (!model.has(hex)) {
          index.insert(key, entryOf(number, content));
          model.set(hex, { key, number, ...(content === undefined ? {} : { content }) });
        }
      }
      assert.is(index.count, model.size);
      const slots = new Map<string, number[]>();
      for (const { key, number, content } of model.values()) {
        const slot = index.find(key);
        assert.is(index.entry(slot).sequence, entryOf(number).sequence);
        if (content !== undefined) slots.set(content, [...(slots.get(content) ?? []), slot]);
      }
      for (const content of contents) {
        const found = index.withContent(contentHash(content));
        assert.equal(found.sort(), (slots.get(content) ?? []).sort());
      }
      const rebuilt = new ObjectIndex();
      for (const [, { key, number, content }] of [...model].sort(([a], [b]) => (a < b ? -1 : 1)))
        rebuilt.append(key, entryOf(number, content));
      assert.is(digestOf(rebuilt), digestOf(index));
    }),
    { numRuns: 300 },
  );
});

it.run();
