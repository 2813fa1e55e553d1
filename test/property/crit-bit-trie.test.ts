import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CritBitTrie } from '../../src/merkle/crit-bit-trie.js';

const it = suite('crit-bit trie beside a sorted list');

const end = 0x01; // of every key, and nowhere else in one: so none begins another
const letters = fc.constantFrom(0x00, 0x02, 0x40, 0x61, 0x62, 0x80, 0xff);
const key = fc.array(letters, { maxLength: 12 }).map((bytes) => Uint8Array.from([...bytes, end]));
const anyBytes = fc.oneof(
  key,
  fc.array(letters, { maxLength: 6 }).map(Uint8Array.from.bind(Uint8Array)),
);
const step = fc.record({ does: fc.constantFrom('insert', 'insert', 'remove', 'append'), key });

function hexes(trie: CritBitTrie, from: Uint8Array): string[] {
  const found: string[] = [];
  trie.scan(from, (slot) => found.push(Buffer.from(trie.key(slot)).toString('hex')) > 0);
  return found;
}

it('holds, finds, orders and removes what the list does', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 120, size: 'max' }),
      fc.array(anyBytes),
      (steps, probes) => {
        const trie = new CritBitTrie();
        const model = new Map<string, number>(); // hex of the key -> slot
        for (const { does, key } of steps) {
          const hex = Buffer.from(key).toString('hex');
          assert.is(trie.find(key), model.get(hex) ?? -1);
          if (does === 'remove') {
            assert.is(trie.remove(key), model.get(hex) ?? -1);
            model.delete(hex);
          } else if (!model.has(hex)) {
            const isLast = [...model.keys()].every((other) => other < hex);
            model.set(hex, does === 'append' && isLast ? trie.append(key) : trie.insert(key));
          }
        }
        const sorted = [...model.keys()].sort();
        assert.is(new Set(model.values()).size, model.size, 'no two keys share a slot');
        assert.is(trie.count, model.size);
        assert.is(
          trie.keyBytes,
          sorted.reduce((sum, hex) => sum + hex.length / 2, 0),
        );
        assert.equal(hexes(trie, new Uint8Array(0)), sorted);
        for (const probe of probes) {
          const hex = Buffer.from(probe).toString('hex');
          const rest = sorted.filter((other) => other >= hex);
          assert.equal(hexes(trie, probe), rest);
          assert.is(trie.firstAtOrAfter(probe), model.get(rest[0] ?? '') ?? -1);
          const first = sorted.find((other) => other.startsWith(hex));
          assert.is(trie.firstWithPrefix(probe), model.get(first ?? '') ?? -1);
        }
      },
    ),
    { numRuns: 800 },
  );
});

it('built by appends, it is what inserts in any order make', () => {
  fc.assert(
    fc.property(fc.uniqueArray(key, { selector: String, maxLength: 60 }), (keys) => {
      const inserted = new CritBitTrie();
      for (const each of keys) inserted.insert(each);
      const appended = new CritBitTrie();
      for (const each of keys.toSorted(Buffer.compare)) appended.append(each);
      const nodesOf = (trie: CritBitTrie): unknown => {
        const show = (reference: number): unknown =>
          reference < 0
            ? String(trie.key(~reference))
            : [trie.bitOf(reference), show(trie.leftOf(reference)), show(trie.rightOf(reference))];
        return trie.count === 0 ? [] : show(trie.root);
      };
      assert.equal(nodesOf(appended), nodesOf(inserted));
    }),
    { numRuns: 500 },
  );
});

it.run();
