import { NotProven } from '../base/not-proven.js';

/** A value and its one spelling on a line. Reading may be lenient: lineFormat spells it again. */
export interface Codec<T> {
  write(value: T): string;
  read(text: string): T;
}

/** Of each of any number of lines of one name. */
export interface Many<T> extends Codec<T> {
  readonly isMany: true;
}

/** A post-quantum signature on a note is some 6,700; nothing of ours comes near. */
const base64CharactersMax = 16 * 1024;

type Fields = Readonly<Record<string, Codec<unknown> | Many<unknown>>>;
type ValueOf<F> = F extends Many<infer T> ? readonly T[] : F extends Codec<infer T> ? T : never;
export type Values<F> = { readonly [K in keyof F]: ValueOf<F[K]> };

export function refuse(reason: string): never {
  throw new NotProven('form', reason);
}

const nameAndSpace = (name: string) => `${name} `;

/**
 * A text of lines `name value`, in the order of `fields`, under a title if it has one. Decoding
 * accepts exactly what encoding makes: whatever was read is encoded again and compared.
 * @param labelOf what stands before the values of a field instead of its name and a space
 */
export function lineFormat<F extends Fields>(title: string, fields: F, labelOf = nameAndSpace) {
  const named = Object.entries(fields);
  const entries = named.map(([name, field]) => [name, field, labelOf(name)] as const);
  const head = title === '' ? '' : `${title}\n`;

  function encode(values: Values<F>): string {
    let text = head;
    for (const [name, field, label] of entries) {
      const value: unknown = values[name];
      const list = 'isMany' in field ? (value as readonly unknown[]) : [value];
      for (const one of list) text += `${label}${field.write(one)}\n`;
    }
    return text;
  }

  function decode(text: string): Values<F> {
    if (!text.startsWith(head)) refuse(`a text does not begin with the line "${title}"`);
    const lines = text.slice(head.length).split('\n');
    const values: Record<string, unknown> = {};
    for (const [name, field, label] of entries) {
      const read = (line = '') => field.read(line.slice(label.length));
      const end = lines.findIndex((line) => line === '' || !line.startsWith(label));
      values[name] = 'isMany' in field ? lines.splice(0, end).map(read) : read(lines.shift());
    }
    const decoded = values as Values<F>;
    return encode(decoded) === text ? decoded : refuse(`${title}: not in its one encoding`);
  }

  return { encode, decode };
}

export function many<T>(codec: Codec<T>): Many<T> {
  return { ...codec, isMany: true };
}

/** A whole number from 0 to 2^53 - 1. */
export const count: Codec<number> = {
  write: (value) => String(value),
  read: (text) => {
    const value = Number(text);
    return Number.isSafeInteger(value) && value >= 0 ? value : refuse('a number is out of range');
  },
};

/** Standard base64 (RFC 4648 §4) of exactly `sizeBytes` bytes. */
export function bytes(sizeBytes: number): Codec<Uint8Array> {
  return {
    write: toBase64,
    read: (text) => {
      const value = fromBase64(text);
      return value.length === sizeBytes ? value : refuse(`not ${sizeBytes} bytes of base64`);
    },
  };
}

export const digest = bytes(32);

/** Printable text without spaces, as it is. */
export const word: Codec<string> = {
  write: (value) => value,
  read: (text) => (/^[^\p{Z}\p{C}]+$/u.test(text) ? text : refuse('a word has no spaces')),
};

export function oneOf<W extends string>(...words: readonly W[]): Codec<W> {
  return {
    write: (value) => value,
    read: (text) => words.find((one) => one === text) ?? refuse(`none of ${words.join(', ')}`),
  };
}

export function orNone<T>(codec: Codec<T>): Codec<T | undefined> {
  return {
    write: (value) => (value === undefined ? 'none' : codec.write(value)),
    read: (text) => (text === 'none' ? undefined : codec.read(text)),
  };
}

/** Two or more values with a space between them. */
export function tuple<T extends readonly unknown[]>(
  ...codecs: { readonly [I in keyof T]: Codec<T[I]> }
): Codec<Readonly<T>> {
  return {
    write: (values) => codecs.map((codec, index) => codec.write(values[index])).join(' '),
    read: (text) => {
      const texts = text.split(' ');
      if (texts.length !== codecs.length) refuse(`not ${codecs.length} values on a line`);
      const values: readonly unknown[] = codecs.map((codec, at) => codec.read(texts[at] ?? ''));
      return values as T;
    },
  };
}

/**
 * `bucket/key`: a bucket's name has no slash; of the key's UTF-8 all bytes but those of
 * `A-Z a-z 0-9 - _ . ! ~ * ' ( ) /` stand as `%XX`.
 */
export const objectName: Codec<readonly [bucket: string, key: string]> = {
  write: ([bucket, key]) => `${bucket}/${encodeURIComponent(key).replaceAll('%2F', '/')}`,
  read: (text) => {
    const [bucket = '', ...key] = text.split('/');
    try {
      return [bucket, decodeURIComponent(key.join('/'))];
    } catch {
      return refuse('an object is not named bucket/key, percent-encoded');
    }
  },
};

export function toBase64(value: Uint8Array): string {
  return btoa(Reflect.apply(String.fromCharCode, undefined, value));
}

/** @throws NotProven unless `text` is exactly what toBase64() makes */
export function fromBase64(text: string): Uint8Array {
  if (text.length > base64CharactersMax) refuse('too much base64 on a line');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) refuse('not base64');
  const value = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return toBase64(value) === text ? value : refuse('not in the one base64 encoding');
}
