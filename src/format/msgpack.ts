import { LogStoreError } from '../base/errors.js';

/** What SPEC.md §1 lets stand in a payload; integers are whole, unsigned and exact. */
export type MsgpackValue = null | boolean | number | string | Uint8Array | readonly MsgpackValue[];

/** Deeper than anything in SPEC.md, and shallow enough for any stack. */
const depthMax = 16;
/** Up to this length a string of ASCII is built faster here than in a decoder. */
const shortTextBytes = 48;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Exactly one value. Not by msgpackr, as bytes on disk may be anything:
 * nothing is allocated that the input has no bytes for, and no type but these comes out.
 * @returns binary as views of `bytes`
 * @throws LogStoreError `RECORD_CORRUPT`
 */
export function decodeMsgpack(bytes: Uint8Array): MsgpackValue {
  const reader = new MsgpackReader(bytes);
  const value = reader.value();
  if (reader.at !== bytes.length) throw corrupt('bytes behind the value');
  return value;
}

/** Reads values one after another, from `at` on. */
export class MsgpackReader {
  at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  value(depth = 0): MsgpackValue {
    const { bytes } = this;
    const start = this.at;
    const tag = this.#byte();
    if (tag < 0x80) return tag;
    if (tag < 0x90) throw corrupt('a map');
    if (tag < 0xa0) return this.#array(tag & 0x0f, depth);
    if (tag < 0xc0) return this.#text(tag & 0x1f);
    switch (tag) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6: {
        const end = this.#take(2 ** (tag - 0xc4)) + this.at;
        if (end > bytes.length) throw corrupt('cut short');
        const value = bytes.subarray(this.at, end);
        this.at = end;
        return value;
      }
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#take(2 ** (tag - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#array(this.#take(tag === 0xdc ? 2 : 4), depth);
      default:
        this.at = start;
        return this.integer();
    }
  }

  /** An unsigned integer up to 2^53 - 1: as fixint, u8, u16, u32 or, from 2^32 on, float 64. */
  integer(): number {
    const tag = this.#byte();
    if (tag < 0x80) return tag;
    if (tag >= 0xcc && tag <= 0xce) return this.#take(2 ** (tag - 0xcc));
    if (tag !== 0xcb) throw corrupt(`a byte ${tag.toString(16)} where an integer belongs`);
    const { bytes, at } = this;
    if (at + 8 > bytes.length) throw corrupt('cut short');
    const value = new DataView(bytes.buffer, bytes.byteOffset + at, 8).getFloat64(0);
    if (!Number.isSafeInteger(value) || value < 0) throw corrupt('a number out of range');
    this.at += 8;
    return value;
  }

  /** The head of an array; its items follow. */
  arrayCount(): number {
    const tag = this.#byte();
    if (tag >> 4 === 9) return tag & 0x0f;
    if (tag !== 0xdc && tag !== 0xdd) throw corrupt('an array is missing');
    return this.#take(tag === 0xdc ? 2 : 4);
  }

  #array(count: number, depth: number): readonly MsgpackValue[] {
    if (depth >= depthMax) throw corrupt('arrays too deep in one another');
    if (count > this.bytes.length - this.at) throw corrupt('cut short'); // an item has a byte
    const items: MsgpackValue[] = [];
    for (let index = 0; index < count; index++) items.push(this.value(depth + 1));
    return items;
  }

  #text(lengthBytes: number): string {
    const { bytes, at } = this;
    const end = at + lengthBytes;
    if (end > bytes.length) throw corrupt('cut short');
    this.at = end;
    const short = lengthBytes <= shortTextBytes ? this.#ascii(at, end) : undefined;
    if (short !== undefined) return short;
    try {
      return decoder.decode(bytes.subarray(at, end));
    } catch (error) {
      throw corrupt('a string is not UTF-8', error);
    }
  }

  /** Four at a time, measured at a third of a call of a decoder; undefined if it is not ASCII. */
  #ascii(start: number, end: number): string | undefined {
    const { bytes } = this;
    let [text, seen, at] = ['', 0, start];
    for (; at + 4 <= end; at += 4) {
      const a = bytes[at] ?? 0;
      const b = bytes[at + 1] ?? 0;
      const c = bytes[at + 2] ?? 0;
      const d = bytes[at + 3] ?? 0;
      seen |= a | b | c | d;
      text += String.fromCharCode(a, b, c, d);
    }
    for (; at < end; at++) {
      const byte = bytes[at] ?? 0;
      seen |= byte;
      text += String.fromCharCode(byte);
    }
    return seen < 0x80 ? text : undefined;
  }

  #byte(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw corrupt('cut short');
    this.at++;
    return byte;
  }

  /** An unsigned integer of 1, 2 or 4 bytes, the highest first. */
  #take(countBytes: number): number {
    const { bytes, at } = this;
    if (at + countBytes > bytes.length) throw corrupt('cut short');
    let value = 0;
    for (let index = at; index < at + countBytes; index++)
      value = value * 256 + (bytes[index] ?? 0);
    this.at = at + countBytes;
    return value;
  }
}

function corrupt(what: string, cause?: unknown): LogStoreError {
  return new LogStoreError('RECORD_CORRUPT', `not a payload's MessagePack: ${what}`, { cause });
}
