import { invariant } from '../base/invariant.js';
import type { HashAt } from '../merkle/growing-tree.js';
import { type Hash, nodeHash } from '../merkle/rfc6962.js';

/** C2SP tlog-tiles: a tile is up to 256 hashes of complete subtrees of 2^(8 x level) leaves. */
export const tileWidth = 256;
export const entryBytesMax = 65_535;
const tileLevels = 8;
const hashBytes = 32;

/** `level` of hashes from 0; `entries` are the entries themselves. */
export interface Tile {
  readonly level: number | 'entries';
  readonly index: number;
  /** 1 to 256: a tile narrower than that is partial. */
  readonly width: number;
}

/** `tile/<L>/<N>[.p/<W>]`, N in groups of three digits: 1234067 is `x001/x234/067`. */
export function tilePath({ level, index, width }: Tile): string {
  const digits = String(index);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  const groups = padded.match(/.../g) ?? [];
  const number = groups
    .map((group, at) => (at < groups.length - 1 ? `x${group}` : group))
    .join('/');
  return `tile/${level}/${number}${width === tileWidth ? '' : `.p/${width}`}`;
}

/** The tile with the hash of level `treeLevel` and number `index`, as a tree of `size` has it. */
export function tileHolding(treeLevel: number, index: number, size: number): Tile {
  const level = Math.floor(treeLevel / tileLevels);
  const first = index * 2 ** (treeLevel % tileLevels);
  const tileIndex = Math.floor(first / tileWidth);
  const hashCount = Math.floor(size / tileWidth ** level);
  const width = Math.min(tileWidth, hashCount - tileIndex * tileWidth);
  invariant(width > 0, 'a tree has the tiles of its complete subtrees');
  return { level, index: tileIndex, width };
}

/** All that a log publishes when it grows from one size to another, lower levels first. */
export function tilesBetween(older: number, newer: number): Tile[] {
  const tiles: Tile[] = [];
  for (let level = 0; level === 0 || tileWidth ** level <= newer; level++) {
    const from = Math.floor(older / tileWidth ** level);
    const to = Math.floor(newer / tileWidth ** level);
    for (let index = Math.floor(from / tileWidth); index * tileWidth < to; index++) {
      const width = Math.min(tileWidth, to - index * tileWidth);
      if (from >= index * tileWidth + width) continue;
      if (level === 0) tiles.push({ level: 'entries', index, width });
      tiles.push({ level, index, width });
    }
  }
  return tiles;
}

/** The bytes of a tile of hashes. */
export function encodeTile({ level, index, width }: Tile, hashAt: HashAt): Uint8Array {
  invariant(level !== 'entries', 'entries have bundles of their own');
  const tile = new Uint8Array(width * hashBytes);
  for (let at = 0; at < width; at++) {
    tile.set(hashAt(level * tileLevels, index * tileWidth + at), at * hashBytes);
  }
  return tile;
}

/** Entries one behind the other, each after its length as u16be. */
export function encodeEntryBundle(entries: readonly Uint8Array[]): Uint8Array {
  const bundle = new Uint8Array(entries.reduce((sum, { length }) => sum + 2 + length, 0));
  let at = 0;
  for (const entry of entries) {
    invariant(entry.length <= entryBytesMax, 'an entry fits its length field');
    bundle.set([entry.length >> 8, entry.length], at);
    bundle.set(entry, at + 2);
    at += 2 + entry.length;
  }
  return bundle;
}

/** Undefined unless the bytes are whole entries. */
export function decodeEntryBundle(bundle: Uint8Array): Uint8Array[] | undefined {
  const entries: Uint8Array[] = [];
  let at = 0;
  while (at < bundle.length) {
    const end = at + 2 + (bundle[at] as number) * 256 + (bundle[at + 1] ?? 0);
    if (end > bundle.length) return undefined;
    entries.push(bundle.slice(at + 2, end));
    at = end;
  }
  return entries;
}

/** The hashes of a tree of `size` from its tiles; those between two tile levels are computed. */
export function hashesFromTiles(
  hash: Hash,
  size: number,
  tileBytes: (tile: Tile) => Uint8Array,
): HashAt {
  return (level, index) => {
    const bytes = tileBytes(tileHolding(level, index, size));
    const count = 2 ** (level % tileLevels);
    const first = (index * count) % tileWidth;
    let hashes: Uint8Array[] = Array.from({ length: count }, (_, at) => {
      return bytes.slice((first + at) * hashBytes, (first + at + 1) * hashBytes);
    });
    while (hashes.length > 1) {
      hashes = Array.from({ length: hashes.length / 2 }, (_, at) => {
        return nodeHash(hash, hashes[2 * at] as Uint8Array, hashes[2 * at + 1] as Uint8Array);
      });
    }
    return hashes[0] as Uint8Array;
  };
}
