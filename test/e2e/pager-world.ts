import type { Store } from '../../src/store/types.js';

/** Keys that have led pagers of others astray, one by one. */
const oddKeys = [
  ...['a+b', 'a b', 'a%b', 'a%20b', 'a%2Fb', 'a;b', 'a&b=c?d#e', 'a//b', 'a///b', '/a', '//', '/'],
  ...['a/', 'a/../b', '..', '../a', './a', 'a\\b', '"quoted"', "it's", '<tag>', '&amp;', ']]>'],
  ...['\u00fc', 'e\u0301', '\u65e5\u672c\u8a9e', '\u{1f600}', '\ufb01', '\ufffd', '\u{10fffd}'],
  ...['tab\there', 'line\nend', 'return\rhere', '\u0001\u001f', '\u007f', '\u0085', '\u2028'],
  ...[' leading', 'trailing ', '~', '-', '.', '*', 'constructor', '__proto__', 'null'],
  'x'.repeat(1000),
  `${'segment/'.repeat(126)}end`,
  '\u65e5'.repeat(339),
];

/** Every key of a world of about `count`, in the order of their UTF-8. */
export function worldKeys(count: number): string[] {
  const keys = new Set(oddKeys.map((key) => `odd/${key}`));
  for (const key of oddKeys) keys.add(key);
  const padded = (n: number) => String(n).padStart(6, '0');
  for (let n = 0; keys.size < count; n += 1) {
    // Folded prefixes with one key, with few, and with more than a page holds.
    const family = n % 6;
    if (family === 0) keys.add(`flat-${padded(n)}`);
    else if (family === 1) keys.add(`folder-${n % 977}/${padded(n)}`);
    else if (family === 2) keys.add(`alone-${padded(n)}/only`);
    else if (family === 3) keys.add(`full/${padded(n)}`);
    else if (family === 4) keys.add(`deep//${n % 13}//${padded(n)}//end`);
    else keys.add(`gone/${padded(n)}`); // all deleted: pages upon pages of nothing
  }
  return [...keys].sort(byUtf8);
}

export function byUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** A key, and which of its versions or uploads. */
export type Named = readonly [key: string, id: string];

/** What a bucket holds, as its listings must show it. */
export interface World {
  /** Of objects that are there, in order. */
  readonly keys: readonly string[];
  /** Every version, in order of keys, newest first. */
  readonly versions: readonly Named[];
  readonly deleteMarkers: readonly Named[];
}

const atOnce = 2_000;

/**
 * Fills a bucket with versions: of every third key two, of all in `gone/` and every seventh a delete
 * marker on top.
 */
export async function fillWorld(
  store: Store,
  bucket: string,
  keys: readonly string[],
): Promise<World> {
  await store.createBucket(bucket);
  await store.setBucketVersioning(bucket, 'enabled');
  const versions = new Map<string, string[]>();
  const markers = new Map<string, string>();
  const put = async (key: string) => {
    const { versionId = '' } = await store.put(bucket, key, Buffer.from('x'), { md5: true });
    versions.set(key, [versionId, ...(versions.get(key) ?? [])]);
  };
  const isGone = (key: string, n: number) => key.startsWith('gone/') || n % 7 === 0;
  await eachOf(keys, put);
  const again = keys.filter((_, n) => n % 3 === 0);
  await eachOf(again, put);
  await eachOf(keys.filter(isGone), async (key) => {
    const { versionId = '' } = await store.delete(bucket, key);
    markers.set(key, versionId);
  });
  return {
    keys: keys.filter((key, n) => !isGone(key, n)),
    versions: keys.flatMap((key) => (versions.get(key) ?? []).map((id) => [key, id] as const)),
    deleteMarkers: keys.flatMap((key) => [...named(key, markers.get(key))]),
  };
}

function named(key: string, id: string | undefined): Named[] {
  return id === undefined ? [] : [[key, id]];
}

/** Uploads under way, several of some keys. @returns key and id, in the order of listings */
export async function fillUploads(
  store: Store,
  bucket: string,
  keys: readonly string[],
): Promise<Named[]> {
  const begun: Named[] = [];
  await store.createBucket(bucket);
  await eachOf(
    keys.flatMap((key, n) => (n % 5 === 0 ? [key, key, key] : [key])),
    async (key) => {
      const { uploadId } = await store.createUpload(bucket, key);
      begun.push([key, uploadId]);
    },
  );
  return begun.sort(byKeyAndId);
}

/** The order of listings. */
export function byKeyAndId([key, id]: Named, [other, otherId]: Named): number {
  return byUtf8(key, other) || byUtf8(id, otherId);
}

export async function eachOf<T>(
  items: readonly T[],
  action: (item: T) => Promise<unknown>,
): Promise<void> {
  for (let from = 0; from < items.length; from += atOnce)
    await Promise.all(items.slice(from, from + atOnce).map(action));
}

/** What of some names a listing shows: those themselves, and what the delimiter folds. */
export function folded(
  names: readonly string[],
  prefix: string,
  delimiter: string | undefined,
): { readonly shown: string[]; readonly prefixes: string[] } {
  const shown: string[] = [];
  const prefixes = new Set<string>();
  for (const name of names) {
    if (!name.startsWith(prefix)) continue;
    const at = delimiter === undefined ? -1 : name.indexOf(delimiter, prefix.length);
    if (at === -1) shown.push(name);
    else prefixes.add(name.slice(0, at + (delimiter?.length ?? 0)));
  }
  return { shown, prefixes: [...prefixes].sort(byUtf8) };
}
