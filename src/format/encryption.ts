import { LogStoreError } from '../base/errors.js';
import { limits } from '../base/limits.js';
import { binary, list, number, text } from './fields.js';
import type { MsgpackValue } from './msgpack.js';
import type { MsgpackWriter } from './msgpack-writer.js';

/** How the bytes of an object lie in the log, and what opens them (SPEC.md §15). */
export interface EncryptionField {
  readonly method: EncryptionMethod;
  /** 8 bytes: which of the store's keys; none where the customer has the key. */
  readonly keyId: Uint8Array | null;
  /** 60 bytes: nonce, the object's key under that key, tag. */
  readonly wrappedKey: Uint8Array;
  /** Of the named key, where the method is that. */
  readonly name?: string | undefined;
}

export const encryptionMethods = Object.freeze({ store: 1, customer: 2, named: 3 });
export type EncryptionMethod = (typeof encryptionMethods)[keyof typeof encryptionMethods];

/** The one form of frames so far. */
const framesForm = 1;

export const tagBytes = 16;
export const keyIdBytes = 8;
export const wrappedKeyBytes = 60;
/** Plaintext in a full frame, which fills a data record. A full frame is never the last. */
export const frameBytes = limits.dataRecordBytesMax - tagBytes;

/** Of a body that has bytes: the last one may hold none. */
export function frameCount(sizeBytes: number): number {
  return sizeBytes === 0 ? 0 : Math.floor(sizeBytes / frameBytes) + 1;
}

/** What a body of `sizeBytes` takes in the log. */
export function sealedBytes(sizeBytes: number): number {
  return sizeBytes + tagBytes * frameCount(sizeBytes);
}

/** Field `encryption` of an object or upload: nil, or `[form, method, keyId, wrappedKey, ...]`. */
export function writeEncryption(writer: MsgpackWriter, field: EncryptionField | undefined): void {
  if (field === undefined) {
    writer.nils(1);
    return;
  }
  writer.array(field.name === undefined ? 4 : 5);
  writer.integer(framesForm);
  writer.integer(field.method);
  writer.binaryOrNil(field.keyId);
  writer.binary(field.wrappedKey);
  if (field.name !== undefined) writer.text(field.name);
}

/** @throws LogStoreError `RECORD_CORRUPT`; `UNSUPPORTED_VERSION` for what a later version says */
export function encryptionOf(value: MsgpackValue | undefined): EncryptionField | undefined {
  if (value === null) return undefined;
  const f = fieldsOf(value, 4);
  const method = methodOf(number(f[1]));
  const isOfStore = method !== encryptionMethods.customer;
  if ((f[2] === null) === isOfStore) {
    throw new LogStoreError('RECORD_CORRUPT', 'an encryption of no key');
  }
  const keyId = isOfStore ? binary(f[2], keyIdBytes) : null;
  const wrappedKey = binary(f[3], wrappedKeyBytes);
  if (method !== encryptionMethods.named) return { method, keyId, wrappedKey };
  return { method, keyId, wrappedKey, name: text(f[4]) };
}

/** The field `encryption` of a part: nil, or `[form]`; its key follows from its upload's. */
export function writePartSealed(writer: MsgpackWriter, sealed: boolean | undefined): void {
  if (sealed !== true) {
    writer.nils(1);
    return;
  }
  writer.array(1);
  writer.integer(framesForm);
}

/** @throws LogStoreError as `encryptionOf` */
export function partSealedOf(value: MsgpackValue | undefined): boolean {
  if (value === null) return false;
  fieldsOf(value, 1);
  return true;
}

/** What is no array here, or of another form, is of a later version. */
function fieldsOf(value: MsgpackValue | undefined, count: number): readonly MsgpackValue[] {
  if (value === undefined) {
    throw new LogStoreError('RECORD_CORRUPT', 'the field encryption is missing');
  }
  if (!Array.isArray(value) || value.length < count || value[0] !== framesForm) throw later();
  return list(value);
}

function methodOf(value: number): EncryptionMethod {
  const methods = Object.values(encryptionMethods);
  const found = methods.find((method) => method === value);
  if (found === undefined) throw later();
  return found;
}

function later(): LogStoreError {
  return new LogStoreError('UNSUPPORTED_VERSION', 'an encryption, which is of a later version');
}
