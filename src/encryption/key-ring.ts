import { LogStoreError } from '../base/errors.js';
import { storeKeyId } from './wrapped-key.js';

export const storeKeyBytes = 32;

/** A key of the store's own, under which keys of objects are wrapped. */
export interface StoreKey {
  /** 8 bytes. */
  readonly id: Uint8Array;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

/** The store's keys: one for what is written now, and those before it. */
export interface KeyRing {
  /** Where they are kept, for messages. */
  readonly place: string;
  /** Undefined before the first was made. */
  readonly current: StoreKey | undefined;
  find(id: Uint8Array): StoreKey | undefined;
  /** Makes the first key; it is durable before it is told. */
  make(): Promise<StoreKey>;
}

/** The text of a key file (SPEC.md §15.4), the current key last. */
export function keyFileText(keys: readonly StoreKey[]): string {
  const rows = keys.map(({ id, key }) => ({ id: hex(id), key: base64(key) }));
  return `${JSON.stringify({ keys: rows }, undefined, 2)}\n`;
}

/**
 * @returns the current key last
 * @throws LogStoreError `INVALID_ARGUMENT` for what is no such text
 */
export function keysOfText(text: string, place: string): StoreKey[] {
  const rows = rowsOf(text);
  if (rows === undefined || rows.length === 0) throw unusable(place, 'holds no keys');
  return rows.map((row) => {
    const { id, key: encoded } = row as { readonly id?: unknown; readonly key?: unknown };
    if (typeof encoded !== 'string') throw unusable(place, 'holds a key that is none');
    const key = storeKey(Buffer.from(encoded, 'base64'));
    if (key === undefined || base64(key.key) !== encoded) {
      throw unusable(place, `holds a key that is not ${storeKeyBytes} bytes in Base64`);
    }
    if (id !== hex(key.id)) throw unusable(place, `names a key ${hex(key.id)} something else`);
    return key;
  });
}

/** Undefined unless it has 32 bytes. */
export function storeKey(key: Uint8Array): StoreKey | undefined {
  return key.length === storeKeyBytes ? { id: storeKeyId(key), key } : undefined;
}

function rowsOf(text: string): readonly object[] | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null || !('keys' in parsed)) return undefined;
    const { keys } = parsed;
    if (!Array.isArray(keys)) return undefined;
    return keys.every((row) => typeof row === 'object' && row !== null) ? keys : undefined;
  } catch {
    return undefined; // no JSON
  }
}

/** Keys were used, and none is at hand: a new one would hide that their file is missing. */
export function missingKey(usedId: string, place: string): LogStoreError {
  return new LogStoreError(
    'NO_STORE_KEY',
    `objects are encrypted under the key ${usedId}, and there are no keys in '${place}': ` +
      "bring the file back, or make a new one with 'logstore keys rotate'",
  );
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function unusable(place: string, what: string): LogStoreError {
  return new LogStoreError('INVALID_ARGUMENT', `'${place}' ${what}`);
}
