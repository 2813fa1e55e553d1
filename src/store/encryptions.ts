import { LogStoreError } from '../base/errors.js';
import type { Random } from '../base/host.js';
import { accessDocuments, admitAccess } from '../catalog/access-documents.js';
import type { Catalog } from '../catalog/catalog.js';
import { PendingCommit } from '../catalog/pending.js';
import { accessId } from '../catalog/state.js';
import { keptKey } from '../encryption/kept-key.js';
import {
  hex,
  type KeyRing,
  missingKey,
  type StoreKey,
  storeKeyBytes,
} from '../encryption/key-ring.js';
import { namedKey, unwrapKey, wrapKey } from '../encryption/wrapped-key.js';
import { type EncryptionField, encryptionMethods } from '../format/encryption.js';
import type { Committer } from './committer.js';
import type { EncryptionRequest } from './encryption-types.js';

/** What an object's bytes are sealed with, and what its commit says of that. */
export interface ObjectSeal {
  readonly key: Uint8Array;
  readonly field: EncryptionField;
}

const nonceBytes = 12;
const noteOfKey = 'AES256';
const poolBytes = 4096;

/** Keys of objects: made, wrapped for their commits, unwrapped for readers. */
export class Encryptions {
  /** Keys that the log knows of. */
  readonly #noted = new Set<StoreKey>();
  #pool: Uint8Array = new Uint8Array(0);
  #poolUsed = 0;

  constructor(
    private readonly catalog: Catalog,
    private readonly committer: Committer,
    private readonly random: Random,
    /** None: nothing is encrypted under a key of the store's own. */
    private readonly ring: KeyRing | undefined,
  ) {}

  /**
   * What a write of this object is to be sealed with: as was asked, or as its bucket says.
   * @throws LogStoreError `KEY_REFUSED`
   */
  wanted(bucket: string, asked: EncryptionRequest | undefined): EncryptionRequest | undefined {
    if (asked?.by === 'customer') this.checkCustomerKeys(bucket);
    if (asked !== undefined) return asked;
    const value = this.#ruleOf(bucket);
    if (value === undefined) return undefined;
    const [, kmsKey] = /^aws:kms (\S+)/.exec(value) ?? [];
    return kmsKey === undefined ? ofStore : { by: 'store', kmsKey };
  }

  /** @throws LogStoreError `KEY_REFUSED` where nothing new goes under a customer's key */
  checkCustomerKeys(bucket: string): void {
    if (this.#ruleOf(bucket)?.endsWith(' no-customer-keys') !== true) return;
    throw new LogStoreError('KEY_REFUSED', 'This bucket takes no objects under keys of customers.');
  }

  #ruleOf(bucket: string): string | undefined {
    const configurations = this.catalog.state.buckets.get(bucket)?.configurations;
    if (configurations === undefined || configurations.size === 0) return undefined;
    const value = configurations.get('encryption')?.value;
    return value === undefined ? undefined : String(value);
  }

  /**
   * A key for a new object, or `ofKey` wrapped anew for another name.
   * @returns a promise only before a key of the store is used for the first time
   * @throws LogStoreError `NO_STORE_KEY`, `INVALID_ARGUMENT`
   */
  seal(
    bucket: string,
    key: string,
    wanted: EncryptionRequest,
    ofKey?: Uint8Array,
  ): ObjectSeal | Promise<ObjectSeal> {
    const objectKey = ofKey ?? this.#bytes(storeKeyBytes);
    if (wanted.by === 'customer') {
      const wrappedKey = this.#wrap(customerKeyOf(wanted.key), objectKey, bucket, key);
      const method = encryptionMethods.customer;
      return { key: objectKey, field: { method, keyId: null, wrappedKey } };
    }
    if (this.ring === undefined) throw noStoreKey('the store was opened without encryption keys');
    const { current } = this.ring;
    if (current !== undefined && this.#noted.has(current)) {
      return this.#sealByStore(current, wanted.kmsKey, objectKey, bucket, key);
    }
    return this.#noteKey(this.ring).then((noted) => {
      return this.#sealByStore(noted, wanted.kmsKey, objectKey, bucket, key);
    });
  }

  /**
   * A key that something is to be sealed with for the first time is noted in the log: that there
   * were keys is then known also where their file is gone.
   */
  async #noteKey(ring: KeyRing): Promise<StoreKey> {
    if (ring.current === undefined) this.#checkNoneMissing(ring);
    const key = ring.current ?? (await ring.make());
    await this.committer.admit<void>(() => {
      const id = hex(key.id);
      if (this.catalog.lost.any) accessDocuments(this.catalog, 'key'); // which may be uncertain
      if (this.#documentOf(id) !== undefined) return Promise.resolve(); // it may keep the key
      const mutation = admitAccess(this.catalog, 'key', id, noteOfKey);
      if (mutation instanceof PendingCommit) return mutation;
      if (mutation === undefined) return Promise.resolve();
      return this.committer.commit(this.committer.nowUnixMs(), [mutation], () => undefined);
    });
    this.#noted.add(key);
    return key;
  }

  #checkNoneMissing({ place }: KeyRing): void {
    const [used] = accessDocuments(this.catalog, 'key');
    if (used !== undefined) throw missingKey(used.name, place);
  }

  /**
   * The key of an object that is there; none where it lies as it is.
   * @throws LogStoreError `KEY_NEEDED`, `KEY_NOT_TAKEN`, `KEY_WRONG`, `NO_STORE_KEY`
   */
  open(
    field: EncryptionField | undefined,
    bucket: string,
    key: string,
    customerKey: Uint8Array | undefined,
  ): Uint8Array | undefined {
    if (field?.method !== encryptionMethods.customer) {
      if (customerKey !== undefined) throw notTaken();
      return field === undefined ? undefined : this.#openByStore(field, bucket, key);
    }
    if (customerKey === undefined) throw needed();
    const found = unwrapKey(customerKeyOf(customerKey), field.wrappedKey, bucket, key);
    if (found === undefined) {
      throw new LogStoreError('KEY_WRONG', 'the object was encrypted with another key');
    }
    return found;
  }

  #openByStore(
    { keyId, wrappedKey, name }: EncryptionField,
    bucket: string,
    key: string,
  ): Uint8Array {
    const id = keyId ?? new Uint8Array(0);
    const storeKey = this.ring && this.#find(id, this.ring);
    if (storeKey === undefined) {
      const place = this.ring === undefined ? 'no file' : `'${this.ring.place}'`;
      throw noStoreKey(`it is encrypted under the key ${hex(id)}, which is in ${place}`);
    }
    const wrappingKey = name === undefined ? storeKey.key : namedKey(storeKey.key, name);
    const found = unwrapKey(wrappingKey, wrappedKey, bucket, key);
    if (found !== undefined) return found;
    throw new LogStoreError('RECORD_CORRUPT', `its wrapped key does not open with ${hex(id)}`);
  }

  /** A key of the file, or one that the log keeps. */
  #find(id: Uint8Array, ring: KeyRing): StoreKey | undefined {
    return (
      ring.find(id) ??
      keptKey(
        id,
        (name) => this.#documentOf(name),
        (each) => ring.find(each),
      )
    );
  }

  #documentOf(keyId: string): string | undefined {
    return this.catalog.state.access.get(accessId('key', keyId))?.value;
  }

  #sealByStore(
    { id: keyId, key: storeKey }: StoreKey,
    name: string | undefined,
    objectKey: Uint8Array,
    bucket: string,
    key: string,
  ): ObjectSeal {
    if (name === undefined) {
      const wrappedKey = this.#wrap(storeKey, objectKey, bucket, key);
      return { key: objectKey, field: { method: encryptionMethods.store, keyId, wrappedKey } };
    }
    const wrappedKey = this.#wrap(namedKey(storeKey, name), objectKey, bucket, key);
    return { key: objectKey, field: { method: encryptionMethods.named, keyId, wrappedKey, name } };
  }

  #wrap(by: Uint8Array, objectKey: Uint8Array, bucket: string, key: string): Uint8Array {
    return wrapKey(by, objectKey, this.#bytes(nonceBytes), bucket, key);
  }

  /** Random bytes, drawn many at once: one by one they cost as much as a small body's frame. */
  #bytes(count: number): Uint8Array {
    if (this.#pool.length - this.#poolUsed < count) {
      this.#pool = this.random.bytes(poolBytes);
      this.#poolUsed = 0;
    }
    this.#poolUsed += count;
    return this.#pool.subarray(this.#poolUsed - count, this.#poolUsed);
  }
}

const ofStore: EncryptionRequest = Object.freeze({ by: 'store' });

function customerKeyOf(key: Uint8Array): Uint8Array {
  if (key instanceof Uint8Array && key.length === storeKeyBytes) return key;
  throw new LogStoreError('INVALID_ARGUMENT', `a customer's key has ${storeKeyBytes} bytes`);
}

function needed(): LogStoreError {
  return new LogStoreError(
    'KEY_NEEDED',
    'The object was stored using a form of Server Side Encryption. The correct parameters must ' +
      'be provided to retrieve the object.',
  );
}

function notTaken(): LogStoreError {
  const message = 'The encryption parameters are not applicable to this object.';
  return new LogStoreError('KEY_NOT_TAKEN', message);
}

function noStoreKey(message: string): LogStoreError {
  return new LogStoreError('NO_STORE_KEY', message);
}
