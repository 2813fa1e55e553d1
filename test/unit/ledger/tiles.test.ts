import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  decodeEntryBundle,
  encodeEntryBundle,
  encodeTile,
  hashesFromTiles,
  type Tile,
  tileHolding,
  tilePath,
  tilesBetween,
} from '../../../src/ledger/tiles.js';
import {
  consistencyPath,
  type HashAt,
  inclusionPath,
  rootAt,
} from '../../../src/merkle/growing-tree.js';
import { nodeSha256 as hash, toHex } from './golden.js';
import { treeOf } from './signed-log.js';

const it = suite('tiles');

it('has the paths of C2SP tlog-tiles', () => {
  const path = (level: number | 'entries', index: number, width = 256) =>
    tilePath({ level, index, width });
  assert.is(path(0, 1234067), 'tile/0/x001/x234/067');
  assert.is(path(0, 0), 'tile/0/000');
  assert.is(path(1, 999, 17), 'tile/1/999.p/17');
  assert.is(path('entries', 1000), 'tile/entries/x001/000');
});

it('publishes the tiles of the example of 70,000 entries', () => {
  const tiles = tilesBetween(0, 70_000).filter(({ level }) => level !== 'entries');
  const full = (of: number) => tiles.filter(({ level, width }) => level === of && width === 256);
  const partial = tiles.filter(({ width }) => width < 256);
  assert.is(full(0).length, 273);
  assert.is(full(1).length, 1);
  assert.equal(partial, [
    { level: 0, index: 273, width: 112 },
    { level: 1, index: 1, width: 17 },
    { level: 2, index: 0, width: 1 },
  ]);
  assert.equal(
    tilesBetween(0, 256).map((tile) => tilePath(tile)),
    ['tile/entries/000', 'tile/0/000', 'tile/1/000.p/1'],
  );
});

/** A web server's view of a log that published at each of `sizes`. */
function publishedAt(sizes: readonly number[], hashAt: HashAt): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  let older = 0;
  for (const size of sizes) {
    for (const tile of tilesBetween(older, size)) {
      if (tile.level !== 'entries') files.set(tilePath(tile), encodeTile(tile, hashAt));
    }
    older = size;
  }
  return files;
}

it('gives back all roots and proofs from published tiles alone', () => {
  const { hashAt } = treeOf(66_000);
  const sizes = [1, 2, 255, 256, 257, 511, 512, 3000, 65_535, 65_536, 65_537, 66_000];
  const files = publishedAt(sizes, hashAt);
  for (const size of sizes) {
    const read = (tile: Tile) => {
      const bytes = files.get(tilePath(tile));
      if (bytes === undefined) throw new Error(`not published: ${tilePath(tile)}`);
      return bytes;
    };
    const fromTiles = hashesFromTiles(hash, size, read);
    assert.is(toHex(rootAt(hash, fromTiles, size)), toHex(rootAt(hash, hashAt, size)));
    for (const index of [0, Math.floor(size / 3), size - 1]) {
      assert.equal(
        inclusionPath(hash, fromTiles, index, size),
        inclusionPath(hash, hashAt, index, size),
      );
      assert.equal(
        consistencyPath(hash, fromTiles, index, size),
        consistencyPath(hash, hashAt, index, size),
      );
    }
  }
});

it('names the tile of a hash by level, number and width', () => {
  assert.equal(tileHolding(0, 300, 1000), { level: 0, index: 1, width: 256 });
  assert.equal(tileHolding(3, 120, 1000), { level: 0, index: 3, width: 232 });
  assert.equal(tileHolding(8, 2, 1000), { level: 1, index: 0, width: 3 });
});

it('bundles entries behind their lengths, and refuses bundles cut short', () => {
  const entries = [new Uint8Array(0), Uint8Array.of(1, 2, 3), new Uint8Array(65_535).fill(7)];
  const bundle = encodeEntryBundle(entries);
  assert.is(bundle.length, 65_544);
  assert.is(toHex(bundle.subarray(0, 8)), '000000030102 03ff'.replace(' ', ''));
  assert.equal(decodeEntryBundle(bundle), entries);
  for (const end of [1, 3, 6, 8, 9, bundle.length - 1]) {
    assert.is(decodeEntryBundle(bundle.subarray(0, end)), undefined);
  }
  assert.throws(() => encodeEntryBundle([new Uint8Array(65_536)]), /length field/);
});

it.run();
