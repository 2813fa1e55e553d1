import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { InvariantError } from '../../../src/base/invariant.js';
import { CritBitTrie } from '../../../src/merkle/crit-bit-trie.js';
import { keyBytesMax } from '../../../src/merkle/key-arena.js';

const it = suite('crit-bit trie');

function bytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}

function text(key: Uint8Array): string {
  return Buffer.from(key).toString('latin1');
}

function trieOf(keys: readonly string[]): CritBitTrie {
  const trie = new CritBitTrie();
  for (const key of keys) trie.insert(bytes(key));
  return trie;
}

function keysOf(trie: CritBitTrie, from = ''): string[] {
  const keys: string[] = [];
  trie.scan(bytes(from), (slot) => keys.push(text(trie.key(slot))) > 0);
  return keys;
}

/** The trie as text, walked through what it shows of its nodes: `(bit left right)`. */
function drawn(trie: CritBitTrie): string {
  const draw = (reference: number): string => {
    if (reference < 0) return text(trie.key(~reference));
    const [left, right] = [draw(trie.leftOf(reference)), draw(trie.rightOf(reference))];
    return `(${trie.bitOf(reference)} ${left} ${right})`;
  };
  return trie.count === 0 ? '' : draw(trie.root);
}

const breaksAPromise = (error: unknown) => error instanceof InvariantError;

it('an empty trie finds nothing, removes nothing and has nothing to visit', () => {
  const trie = new CritBitTrie();
  assert.is(trie.find(bytes('a')), -1);
  assert.is(trie.remove(bytes('a')), -1);
  assert.is(trie.firstAtOrAfter(bytes('')), -1);
  assert.is(trie.firstWithPrefix(bytes('')), -1);
  assert.equal(keysOf(trie), []);
});

it('each node is the first bit in which the keys below differ', () => {
  // a = 0110_0001, b = 0110_0010, c = 0110_0011
  assert.is(drawn(trieOf(['c', 'a', 'b'])), '(6 a (7 b c))');
  assert.is(drawn(trieOf(['aa', 'b', 'ac'])), '(6 (14 aa ac) b)');
});

it('has one shape for one set of keys, whatever the order and the past', () => {
  const keys = ['ab1', 'ab2', 'b', 'caa', 'cab', 'cb', 'x', 'y1', 'y2'];
  const expected = drawn(trieOf(keys));
  assert.is(drawn(trieOf(keys.toReversed())), expected);
  const withPast = trieOf(['old', 'y2', 'zz', 'x', 'cb', 'b', 'caa', 'q', 'ab2']);
  for (const key of ['zz', 'old', 'q']) withPast.remove(bytes(key));
  for (const key of ['y1', 'ab1', 'cab']) withPast.insert(bytes(key));
  assert.is(drawn(withPast), expected);
  const appended = new CritBitTrie();
  for (const key of keys) appended.append(bytes(key));
  assert.is(drawn(appended), expected);
});

it('appends go on after other changes', () => {
  const trie = new CritBitTrie();
  for (const key of ['b1', 'b2', 'd']) trie.append(bytes(key));
  trie.insert(bytes('a'));
  trie.append(bytes('e'));
  trie.remove(bytes('e'));
  trie.append(bytes('ee'));
  trie.append(bytes('f'));
  assert.equal(keysOf(trie), ['a', 'b1', 'b2', 'd', 'ee', 'f']);
  assert.is(drawn(trie), drawn(trieOf(['f', 'ee', 'd', 'b2', 'b1', 'a'])));
  assert.throws(() => trie.append(bytes('c')), breaksAPromise);
});

it('refuses a key that is there, begins one or continues one', () => {
  const trie = trieOf(['key', 'other']);
  for (const key of ['key', 'ke', 'key1', ''])
    assert.throws(() => trie.insert(bytes(key)), breaksAPromise, key);
});

it('begins a scan at the first key at or after any bytes', () => {
  const trie = trieOf(['ba', 'bc', 'bd0', 'd\0', 'd\u00ff']);
  assert.equal(keysOf(trie, ''), ['ba', 'bc', 'bd0', 'd\0', 'd\u00ff']);
  assert.equal(keysOf(trie, 'b'), ['ba', 'bc', 'bd0', 'd\0', 'd\u00ff']);
  assert.equal(keysOf(trie, 'bc'), ['bc', 'bd0', 'd\0', 'd\u00ff']);
  assert.equal(keysOf(trie, 'bc0'), ['bd0', 'd\0', 'd\u00ff']);
  assert.equal(keysOf(trie, 'bd'), ['bd0', 'd\0', 'd\u00ff']);
  assert.equal(keysOf(trie, 'c'), ['d\0', 'd\u00ff']);
  assert.equal(keysOf(trie, 'd\0\0'), ['d\u00ff']);
  assert.equal(keysOf(trie, 'd\u00ff'), ['d\u00ff']);
  assert.equal(keysOf(trie, 'e'), []);
});

it('stops a scan when told to', () => {
  const trie = trieOf(['a', 'b', 'c']);
  let visits = 0;
  trie.scan(bytes(''), () => ++visits < 2);
  assert.is(visits, 2);
});

it('finds the first key that has a prefix', () => {
  const trie = trieOf(['a1', 'b1', 'b2', 'c1']);
  const first = (prefix: string) => {
    const slot = trie.firstWithPrefix(bytes(prefix));
    return slot < 0 ? undefined : text(trie.key(slot));
  };
  assert.is(first(''), 'a1');
  assert.is(first('b'), 'b1');
  assert.is(first('b2'), 'b2');
  assert.is(first('b3'), undefined);
  assert.is(first('b22'), undefined);
  assert.is(first('d'), undefined);
});

it('takes only the given length of a scratch as the key', () => {
  const trie = trieOf(['a1', 'a2']);
  const scratch = bytes('a2 and what was there before');
  assert.is(trie.find(scratch), -1);
  assert.is(trie.find(scratch, 2), trie.find(bytes('a2')));
  assert.is(trie.firstWithPrefix(scratch, 1), trie.find(bytes('a1')));
  assert.is(trie.remove(scratch, 2), 1);
  assert.equal(keysOf(trie), ['a1']);
});

it('compares keys where they lie', () => {
  const trie = trieOf(['kb']);
  const sign = (key: string) => Math.sign(trie.compareKey(0, bytes(key)));
  assert.equal(['ka', 'kb', 'kc', 'k', 'kb1', ''].map(sign), [1, 0, -1, 1, -1, 1]);
  assert.ok(trie.startsWith(0, bytes('kb')) && trie.startsWith(0, bytes('')));
  assert.not(trie.startsWith(0, bytes('kb1')) || trie.startsWith(0, bytes('ka')));
});

it('a slot stays with its key until the key is removed', () => {
  const trie = trieOf(['a', 'b', 'c']);
  const slot = trie.find(bytes('b'));
  trie.remove(bytes('a'));
  for (let i = 0; i < 1000; i++) trie.insert(bytes(`more${1000 + i}`));
  assert.is(trie.find(bytes('b')), slot);
  assert.is(text(trie.key(slot)), 'b');
  assert.is(trie.keyLength(slot), 1);
});

it('a million overwrites of one key leave the arrays the size they were', () => {
  const trie = trieOf(['a', 'z-very-long-neighbour']);
  const key = bytes('bucket\0some/object.name\0\x01........');
  const view = new DataView(key.buffer, key.length - 8);
  trie.insert(key);
  const replace = (version: number) => {
    assert.ok(trie.remove(key) >= 0);
    view.setFloat64(0, -version);
    trie.insert(key);
  };
  replace(1);
  const shape = trie.shape;
  for (let version = 2; version <= 1_000_000; version++) replace(version);
  assert.equal(trie.shape, { ...shape, root: trie.shape.root });
  assert.is(trie.count, 3);
});

it('a key that was removed is nowhere in the arrays any more', () => {
  const trie = trieOf(['public', 'a-secret-name', 'z']);
  trie.remove(bytes('a-secret-name'));
  const { blocks } = trie.parts();
  assert.not(blocks.some((block) => Buffer.from(block).includes('secret')));
});

it('keys of any length up to the greatest live beside one another, over many chunks', () => {
  const trie = new CritBitTrie();
  const keyOf = (i: number) =>
    bytes(`${100_000 + i}`.padEnd(i % 3 === 0 ? keyBytesMax : 7 + (i % 3000), '.'));
  for (let i = 0; i < 6000; i++) trie.insert(keyOf(i));
  assert.ok(trie.parts().blocks.length > 2);
  for (let i = 0; i < 6000; i += 2) assert.ok(trie.remove(keyOf(i)) >= 0);
  for (let i = 0; i < 6000; i += 2) trie.insert(keyOf(i));
  let i = 0;
  trie.scan(bytes(''), (slot) => trie.compareKey(slot, keyOf(i++)) === 0);
  assert.is(i, 6000);
  assert.throws(() => trie.insert(new Uint8Array(keyBytesMax + 1).fill(0x7f)), breaksAPromise);
});

it('crafted keys make it deep, and no walk minds', () => {
  // Key i has its single 1 at bit i: each node parts one key from all the others.
  const length = 1000;
  const trie = new CritBitTrie();
  const keyOf = (bit: number) => {
    const key = new Uint8Array(length);
    key[bit >>> 3] = 0x80 >>> (bit & 7);
    return key;
  };
  for (let bit = 0; bit < length * 8; bit++) trie.insert(keyOf(bit));
  let depth = 0;
  for (let below = trie.root; below >= 0; below = trie.leftOf(below)) depth++;
  assert.is(depth, length * 8 - 1);
  let visits = 0;
  trie.scan(new Uint8Array(0), () => ++visits > 0);
  assert.is(visits, length * 8);
  for (let bit = 0; bit < length * 8; bit += 3) assert.ok(trie.remove(keyOf(bit)) >= 0);
  assert.is(trie.firstAtOrAfter(keyOf(3)), trie.find(keyOf(2)));
});

it.run();
