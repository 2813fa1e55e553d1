import { LogStoreError } from '../src/base/errors.js';

/** What `put`, `get`, `ls` and so on work on: a stopped store, or a running one. */
export interface Target extends AsyncDisposable {
  makeBucket(bucket: string): Promise<void>;
  removeBucket(bucket: string): Promise<void>;
  buckets(): Promise<readonly { readonly name: string; readonly createdUnixMs: number }[]>;
  /** Everything below `prefix`; with `delimiter`, what lies deeper is folded into its prefix. */
  list(
    bucket: string,
    options: { readonly prefix: string; readonly delimiter: string | undefined },
  ): AsyncIterable<Entry>;
  stat(bucket: string, key: string): Promise<ObjectFacts>;
  /** A body of unknown size is streamed as well. */
  put(
    bucket: string,
    key: string,
    body: AsyncIterable<Uint8Array>,
    options: { readonly sizeBytes: number | undefined; readonly contentType: string | undefined },
  ): Promise<{ readonly etag: string; readonly sizeBytes: number }>;
  /** The body must be taken to its end, or given up by leaving the loop. */
  get(
    bucket: string,
    key: string,
  ): Promise<{ facts: ObjectFacts; body: AsyncIterable<Uint8Array> }>;
  /** @returns whether there was such an object, where that is known */
  remove(bucket: string, key: string): Promise<boolean | undefined>;
}

export type Entry =
  | {
      readonly is: 'object';
      readonly key: string;
      readonly sizeBytes: number;
      readonly etag: string;
      readonly modifiedUnixMs: number;
    }
  | { readonly is: 'prefix'; readonly prefix: string };

export interface ObjectFacts {
  readonly sizeBytes: number;
  readonly etag: string;
  readonly modifiedUnixMs: number;
  readonly contentType: string | undefined;
  readonly userMetadata: Readonly<Record<string, string>>;
}

/** An object, or where one is to be. */
export interface Address {
  readonly bucket: string;
  readonly key: string;
}

/**
 * `BUCKET/KEY`, cut at the first slash: keys may hold further ones.
 * @throws LogStoreError `INVALID_ARGUMENT`
 */
export function parseAddress(text: string): Address {
  const cut = text.indexOf('/');
  if (cut <= 0 || cut === text.length - 1)
    throw new LogStoreError('INVALID_ARGUMENT', `'${text}' is not of the form BUCKET/KEY`);
  return { bucket: text.slice(0, cut), key: text.slice(cut + 1) };
}

/** `BUCKET` or `BUCKET/PREFIX`. */
export function parsePrefix(text: string): { bucket: string; prefix: string } {
  const cut = text.indexOf('/');
  if (cut === -1) return { bucket: text, prefix: '' };
  return { bucket: text.slice(0, cut), prefix: text.slice(cut + 1) };
}
