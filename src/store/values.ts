import { Packr } from 'msgpackr';
import { LogStoreError } from '../base/errors.js';
import type { PutOptions } from './object-types.js';

const packr = new Packr({ useRecords: false });

/** Values of the embedded API as MessagePack, which any other client can read as well. */
export function encodeValue(value: unknown): Uint8Array {
  try {
    return packr.pack(value).slice();
  } catch (error) {
    throw new LogStoreError('INVALID_ARGUMENT', 'the value has no MessagePack', { cause: error });
  }
}

/** @throws LogStoreError `INVALID_ARGUMENT` if the object is not MessagePack */
export function decodeValue(bytes: Uint8Array): unknown {
  try {
    return packr.unpack(bytes);
  } catch (error) {
    throw new LogStoreError('INVALID_ARGUMENT', 'the object is not a value', { cause: error });
  }
}

/** The type that IANA has for MessagePack, unless the caller knows better. */
export function valueOptions(options: PutOptions): PutOptions {
  return { ...options, headers: { contentType: 'application/vnd.msgpack', ...options.headers } };
}
