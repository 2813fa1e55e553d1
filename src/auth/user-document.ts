import { LogStoreError } from '../base/errors.js';

/** A pair of keys; its secret as SecretBox has sealed it. */
export interface StoredKey {
  readonly id: string;
  readonly secret: string;
  readonly enabled: boolean;
  readonly createdUnixMs: number;
}

/** A user as the log has it (SPEC.md §4.1). */
export interface StoredUser {
  readonly name: string;
  readonly id: string;
  readonly displayName: string;
  readonly email: string;
  readonly enabled: boolean;
  readonly policies: readonly string[];
  readonly keys: readonly StoredKey[];
}

export const userKeyCountMax = 2; // as AWS has it: one in use, one that takes its place

export function encodeUser({ name: _, keys, ...user }: StoredUser): string {
  const rows = keys.map(({ id, secret, enabled, createdUnixMs: created }) => {
    return { id, secret, enabled, created };
  });
  return JSON.stringify({ ...user, keys: rows });
}

/** @throws LogStoreError `UNSUPPORTED_VERSION` for what `encodeUser` does not write */
export function decodeUser(name: string, text: string): StoredUser {
  const fields = objectOf(name, JSON.parse(text));
  const { id, displayName, email, enabled, policies, keys } = fields;
  if (typeof id !== 'string' || typeof displayName !== 'string' || typeof email !== 'string')
    throw later(name);
  if (typeof enabled !== 'boolean' || !Array.isArray(policies) || !Array.isArray(keys))
    throw later(name);
  const names = (policies as unknown[]).map(String);
  const rows = (keys as unknown[]).map((key) => decodeKey(name, key));
  return { name, id, displayName, email, enabled, policies: names, keys: rows };
}

function decodeKey(name: string, given: unknown): StoredKey {
  const { id, secret, enabled, created } = objectOf(name, given);
  if (typeof id !== 'string' || typeof secret !== 'string') throw later(name);
  if (typeof enabled !== 'boolean' || typeof created !== 'number') throw later(name);
  return { id, secret, enabled, createdUnixMs: created };
}

function objectOf(name: string, value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw later(name);
  return value as Record<string, unknown>;
}

function later(name: string): LogStoreError {
  return new LogStoreError('UNSUPPORTED_VERSION', `the user '${name}' is of a later version`);
}
