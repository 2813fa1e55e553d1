import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { keepsKey, keptKey, keptKeyText } from '../../../src/encryption/kept-key.js';
import { hex, type StoreKey, storeKey } from '../../../src/encryption/key-ring.js';

const kept = suite('keys that the log keeps');

const [first, second, third] = [keyOf(1), keyOf(2), keyOf(3)];
const nonce = new Uint8Array(12).fill(7);

function keyOf(byte: number): StoreKey {
  const key = storeKey(new Uint8Array(32).fill(byte));
  if (key === undefined) throw new Error('a key has 32 bytes');
  return key;
}

/** What is found with these documents, by who has these keys. */
function found(
  { id }: StoreKey,
  documents: Readonly<Record<string, string>>,
  ...has: readonly StoreKey[]
): StoreKey | undefined {
  const find = (wanted: Uint8Array) => has.find((each) => hex(each.id) === hex(wanted));
  return keptKey(id, (name) => documents[name], find);
}

kept('a key comes back to who has the one that it is kept by, and to nobody else', () => {
  const documents = { [hex(first.id)]: keptKeyText(second, first, nonce) };
  assert.is(found(first, documents, second)?.key.join(), first.key.join());
  assert.is(found(first, documents, third), undefined);
  assert.is(found(first, documents), undefined);
  assert.is(found(first, { [hex(first.id)]: 'AES256' }, second), undefined);
});

kept('it may be kept by a key that is kept itself, and never by itself', () => {
  const documents = {
    [hex(first.id)]: keptKeyText(second, first, nonce),
    [hex(second.id)]: keptKeyText(third, second, nonce),
  };
  assert.is(found(first, documents, third)?.key.join(), first.key.join());
  const ring = { ...documents, [hex(second.id)]: keptKeyText(first, second, nonce) };
  assert.is(found(first, ring, third), undefined);
});

kept('a value of another id, or a spoilt one, gives no key', () => {
  const text = keptKeyText(second, first, nonce);
  assert.is(found(third, { [hex(third.id)]: text }, second), undefined);
  const at = text.length - 9;
  const spoilt = `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
  assert.is(found(first, { [hex(first.id)]: spoilt }, second), undefined);
  assert.is(found(first, { [hex(first.id)]: text.slice(0, -8) }, second), undefined);
  assert.ok(keepsKey(text));
  assert.not(keepsKey('AES256'));
});

kept('the text is that of SPEC.md, to the byte', () => {
  const wrapped =
    'BwcHBwcHBwcHBwcH0X+ysmReV3eJDFQu92UK6iSB' + 'L1TfeKIsCN5EbuO+ZpbfVyem9j4vnxFbEJCu7i7t';
  assert.is(keptKeyText(second, first, nonce), `AES256 fae6a5bc7422edbb ${wrapped}`);
});

kept.run();
