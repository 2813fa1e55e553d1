import { createHmac } from 'node:crypto';
import { wrappedKeyBytes } from '../format/encryption.js';
import { hex, type StoreKey, storeKey } from './key-ring.js';
import { unwrapBound, wrapBound } from './wrapped-key.js';

/** Earlier keys of the store that its log keeps, wrapped by later ones (SPEC.md §15.4). */

const context = Buffer.from('logstore kept key\n');
const keptForm = /^AES256 ([0-9a-f]{16}) ([A-Za-z0-9+/=]+)$/;

/**
 * The value of the document of `kept`.
 * @param nonce 12 random bytes
 */
export function keptKeyText(by: StoreKey, kept: StoreKey, nonce: Uint8Array): string {
  const wrapped = wrapBound(wrappingKey(by), kept.key, nonce, boundTo(kept.id));
  return `AES256 ${hex(by.id)} ${Buffer.from(wrapped).toString('base64')}`;
}

/** Whether such a value keeps a key, and does not only say that there is one. */
export function keepsKey(value: string): boolean {
  return keptForm.test(value);
}

/**
 * The key that the log keeps under this id.
 * @param documentOf the document of a key, by the id in hex
 * @param find a key that is at hand
 * @returns undefined where it is not kept, or by a key that nobody has
 */
export function keptKey(
  id: Uint8Array,
  documentOf: (id: string) => string | undefined,
  find: (id: Uint8Array) => StoreKey | undefined,
  passed: ReadonlySet<string> = new Set(),
): StoreKey | undefined {
  const name = hex(id);
  const [, byName, text = ''] = keptForm.exec(documentOf(name) ?? '') ?? [];
  const wrapped = Buffer.from(text, 'base64');
  if (byName === undefined || wrapped.length !== wrappedKeyBytes || passed.has(name)) return;
  const byId = Buffer.from(byName, 'hex');
  const by = find(byId) ?? keptKey(byId, documentOf, find, new Set([...passed, name]));
  if (by === undefined) return undefined;
  const bytes = unwrapBound(wrappingKey(by), wrapped, boundTo(id));
  const found = bytes === undefined ? undefined : storeKey(bytes);
  return found !== undefined && hex(found.id) === name ? found : undefined;
}

function wrappingKey({ key }: StoreKey): Uint8Array {
  return createHmac('sha256', key).update(context).digest();
}

function boundTo(id: Uint8Array): Uint8Array {
  return Buffer.concat([context, id]);
}
