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
import {
  createFirstPrivateFile,
  createPrivateFile,
  readPrivateFile,
  syncPrivateFile,
} from './host/private-file.js';

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
    if (this.current !== undefined) return this.current; // of somebody who asked a moment before
    const made = this.#newKey();
    const keys = (await this.#writeFirst(made)) ? [made] : await durableKeys(this.place);
    const last = keys.at(-1);
    if (last === undefined) throw new LogStoreError('IO', `'${this.place}' is not there any more`);
    this.keys = keys;
    return last;
  }

  /** Adds a key, with which all is written from now on; what was written before keeps its own. */
  async rotate(): Promise<StoreKey> {
    const made = this.#newKey();
    let keys: readonly StoreKey[] = [made];
    if (this.keys.length > 0 || !(await this.#writeFirst(made))) {
      const before = this.keys.length > 0 ? this.keys : await durableKeys(this.place);
      keys = [...before, made];
      await this.#written(createPrivateFile(this.place, keyFileText(keys)));
    }
    this.keys = keys;
    this.#rotations += 1;
    return made;
  }

  #newKey(): StoreKey {
    const made = storeKey(this.random.bytes(storeKeyBytes));
    invariant(made !== undefined, 'a key has its size');
    return made;
  }

  /** False where somebody has put a file there since the start: a server, or an operator. */
  #writeFirst(made: StoreKey): Promise<boolean> {
    return this.#written(createFirstPrivateFile(this.place, keyFileText([made])));
  }

  async #written<T>(writing: Promise<T>): Promise<T> {
    try {
      return await writing;
    } catch (cause) {
      const message = `the encryption keys cannot be written to '${this.place}'`;
      throw new LogStoreError('IO', message, { cause });
    }
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
    await syncPrivateFile(this.place);
    if (this.#making !== undefined || this.#rotations !== rotations) return false;
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
  return new FileKeyRing(path, random, await durableKeys(path));
}

/** Nothing is written under a key before its file is durable, whoever has put it there. */
async function durableKeys(path: string): Promise<readonly StoreKey[]> {
  const keys = await readStoreKeys(path);
  if (keys.length > 0) await syncPrivateFile(path);
  return keys;
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
