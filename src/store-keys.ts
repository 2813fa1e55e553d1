import { isLogStoreError, LogStoreError } from './base/errors.js';
import type { Random } from './base/host.js';
import { invariant } from './base/invariant.js';
import {
  hex,
  type KeyRing,
  keyFileText,
  keysOfText,
  type StoreKey,
  storeKey,
  storeKeyBytes,
} from './encryption/key-ring.js';
import { createPrivateFile, readPrivateFile } from './host/private-file.js';

/** Beside the directory, not in it: whoever takes the directory alone has nothing to read. */
export function storeKeysPath(dir: string, named: string | undefined): string {
  return named ?? `${dir.replace(/\/+$/, '')}-keys.json`;
}

/**
 * Names of keys for `aws:kms`, as a setting has them.
 * @throws LogStoreError `INVALID_ARGUMENT`
 */
export function kmsKeyNames(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  if (text.trim() === '') return [];
  if (names.every((name) => /^[\w:/+=.@-]{1,256}$/.test(name))) return names;
  throw new LogStoreError('INVALID_ARGUMENT', `'${text}' are no names of keys`);
}

/** The store's keys in a file of mode 0600 (SPEC.md §15.4). */
class FileKeyRing implements KeyRing {
  #making: Promise<StoreKey> | undefined;
  #rotations = 0;

  constructor(
    readonly place: string,
    private readonly random: Random,
    private keys: readonly StoreKey[],
  ) {}

  get current(): StoreKey | undefined {
    return this.keys.at(-1);
  }

  find(id: Uint8Array): StoreKey | undefined {
    return this.keys.find((each) => Buffer.compare(each.id, id) === 0);
  }

  make(): Promise<StoreKey> {
    this.#making ??= this.#make().finally(() => {
      this.#making = undefined;
    });
    return this.#making;
  }

  async #make(): Promise<StoreKey> {
    if (this.keys.length > 0) return this.rotate();
    // Somebody may have put the file there since the start.
    this.keys = await readStoreKeys(this.place);
    return this.keys.at(-1) ?? (await this.rotate());
  }

  /** Adds a key, with which all is written from now on; what was written before keeps its own. */
  async rotate(): Promise<StoreKey> {
    const made = storeKey(this.random.bytes(storeKeyBytes));
    invariant(made !== undefined, 'a key has its size');
    const keys = [...this.keys, made];
    try {
      await createPrivateFile(this.place, keyFileText(keys));
    } catch (cause) {
      const message = `the encryption keys cannot be written to '${this.place}'`;
      throw new LogStoreError('IO', message, { cause });
    }
    this.keys = keys;
    this.#rotations += 1;
    return made;
  }

  /**
   * Takes what stands in the file by now. Keys that are gone from it stay until the next start.
   * @returns whether there is anything new
   * @throws LogStoreError as `openStoreKeys`, and `IO` where the file itself is gone
   */
  async reload(): Promise<boolean> {
    const rotations = this.#rotations;
    const found = await readStoreKeys(this.place);
    if (this.#making !== undefined || this.#rotations !== rotations) return false;
    if (found.length === 0) {
      if (this.keys.length === 0) return false;
      throw new LogStoreError('IO', `'${this.place}' is not there any more`);
    }
    const ids = new Set(found.map(({ id }) => hex(id)));
    const gone = this.keys.filter(({ id }) => !ids.has(hex(id)));
    const keys = [...gone, ...found];
    if (keys.map(({ id }) => hex(id)).join() === this.ids().join()) return false;
    this.keys = keys;
    return true;
  }

  /** All of the file's, the current one last. */
  all(): readonly StoreKey[] {
    return this.keys;
  }

  /**
   * Leaves the current key alone in the file, and the file as it was beside it.
   * @returns where that is
   */
  async leaveCurrent(): Promise<string> {
    const current = this.keys.at(-1);
    invariant(current !== undefined, 'the current key is never taken away');
    const before = `${this.place}.before-${hex(current.id)}`;
    await createPrivateFile(before, keyFileText(this.keys));
    await createPrivateFile(this.place, keyFileText([current]));
    this.keys = [current];
    return before;
  }

  ids(): readonly string[] {
    return this.keys.map(({ id }) => hex(id));
  }
}

export type StoreKeys = FileKeyRing;

/** @throws LogStoreError `INVALID_ARGUMENT` for a file that others may read or without keys */
export async function openStoreKeys(path: string, random: Random): Promise<StoreKeys> {
  return new FileKeyRing(path, random, await readStoreKeys(path));
}

async function readStoreKeys(path: string): Promise<readonly StoreKey[]> {
  const text = await readPrivateFile(path);
  if (text === undefined) return [];
  try {
    return keysOfText(text, path);
  } catch (error) {
    if (!isLogStoreError(error)) throw error;
    throw new LogStoreError(error.code, error.message); // no cause: it is a secret
  }
}
