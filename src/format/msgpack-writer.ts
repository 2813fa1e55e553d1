import { LogStoreError } from '../base/errors.js';

const chunkBytes = 256 * 1024;
/** Up to this length a string of ASCII is copied faster here than by a call into the encoder. */
const shortTextLength = 40;
const loneSurrogate = /\p{Surrogate}/u;
const float = new DataView(new ArrayBuffer(8));
const floatBytes = new Uint8Array(float.buffer);

/**
 * MessagePack as SPEC.md §1 has it, written one value behind another into chunks of memory that
 * many payloads share: a buffer of its own for each would cost more than all of the encoding.
 */
export class MsgpackWriter {
  #chunk: Buffer = Buffer.alloc(0);
  #start = 0;
  #at = 0;

  /** Begins a payload behind `headBytes` bytes, which the caller fills in. */
  begin(headBytes: number): void {
    this.#start = this.#at;
    this.#reserve(headBytes);
    this.#at += headBytes;
  }

  /** What was written since `begin`, with its head. It stays what it is; nobody writes it again. */
  end(): Uint8Array {
    return this.#chunk.subarray(this.#start, this.#at);
  }

  array(count: number): void {
    this.#reserve(5);
    if (count < 16) this.#byte(0x90 | count);
    else if (count < 2 ** 16) this.#tagged(0xdc, count, 2);
    else this.#tagged(0xdd, count, 4);
  }

  nils(count: number): void {
    this.#reserve(count);
    for (let index = 0; index < count; index++) this.#byte(0xc0);
  }

  integer(value: number): void {
    this.#reserve(9);
    if (value < 0x80) this.#byte(value);
    else if (value < 2 ** 8) this.#tagged(0xcc, value, 1);
    else if (value < 2 ** 16) this.#tagged(0xcd, value, 2);
    else if (value < 2 ** 32) this.#tagged(0xce, value, 4);
    else {
      float.setFloat64(0, value);
      this.#byte(0xcb);
      for (let index = 0; index < 8; index++) this.#byte(floatBytes[index] as number);
    }
  }

  binary(value: Uint8Array): void {
    const { length } = value;
    this.#reserve(5 + length);
    if (length < 2 ** 8) this.#tagged(0xc4, length, 1);
    else if (length < 2 ** 16) this.#tagged(0xc5, length, 2);
    else this.#tagged(0xc6, length, 4);
    if (length > 64) this.#chunk.set(value, this.#at);
    else {
      for (let i = 0; i < length; i++) this.#chunk[this.#at + i] = value[i] as number;
    }
    this.#at += length;
  }

  binaryOrNil(value: Uint8Array | null): void {
    if (value === null) this.nils(1);
    else this.binary(value);
  }

  /** @throws LogStoreError `INVALID_ARGUMENT` for text that is not well-formed: it has no UTF-8 */
  text(value: string): void {
    const { length } = value;
    this.#reserve(5 + 3 * length);
    if (length <= shortTextLength && this.#ascii(value)) return;
    const lengthBytes = Buffer.byteLength(value);
    // Only text beyond ASCII is longer in bytes, and only such text can hold half a pair.
    if (lengthBytes !== length && loneSurrogate.test(value)) {
      throw new LogStoreError('INVALID_ARGUMENT', 'text that is not well-formed Unicode');
    }
    if (lengthBytes < 32) this.#byte(0xa0 | lengthBytes);
    else if (lengthBytes < 2 ** 8) this.#tagged(0xd9, lengthBytes, 1);
    else if (lengthBytes < 2 ** 16) this.#tagged(0xda, lengthBytes, 2);
    else this.#tagged(0xdb, lengthBytes, 4);
    this.#at += this.#chunk.write(value, this.#at, 'utf8');
  }

  texts(values: readonly (string | null)[]): void {
    this.array(values.length);
    for (let index = 0; index < values.length; index++) this.textOrNil(values[index] ?? null);
  }

  textOrNil(value: string | null): void {
    if (value === null) this.nils(1);
    else this.text(value);
  }

  integers(values: readonly number[]): void {
    this.array(values.length);
    for (let index = 0; index < values.length; index++) this.integer(values[index] as number);
  }

  /** @returns false if it was not ASCII; then nothing was written */
  #ascii(value: string): boolean {
    const chunk = this.#chunk;
    const { length } = value;
    const at = this.#at + (length < 32 ? 1 : 2);
    for (let index = 0; index < length; index++) {
      const unit = value.charCodeAt(index);
      if (unit >= 0x80) return false;
      chunk[at + index] = unit;
    }
    if (length < 32) this.#byte(0xa0 | length);
    else this.#tagged(0xd9, length, 1);
    this.#at += length;
    return true;
  }

  #byte(value: number): void {
    this.#chunk[this.#at++] = value;
  }

  /** A tag and an unsigned integer of 1, 2 or 4 bytes, the highest first. */
  #tagged(tag: number, value: number, countBytes: number): void {
    this.#byte(tag);
    if (countBytes === 4) {
      this.#byte(value >>> 24);
      this.#byte(value >>> 16);
    }
    if (countBytes >= 2) this.#byte(value >>> 8);
    this.#byte(value);
  }

  /** What is begun moves to a new chunk if this one is too short; what was given out stays. */
  #reserve(moreBytes: number): void {
    if (this.#at + moreBytes <= this.#chunk.length) return;
    const begun = this.#chunk.subarray(this.#start, this.#at);
    const sizeBytes = Math.max(chunkBytes, 2 * (begun.length + moreBytes));
    const chunk = Buffer.allocUnsafeSlow(sizeBytes);
    chunk.set(begun);
    this.#chunk = chunk;
    this.#start = 0;
    this.#at = begun.length;
  }
}
