import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../src/base/errors.js';
import { keyPrefix, listingKey, versionKey } from '../../src/format/key-encoding.js';
import { mapKey, mapKeyPrefix, mapPrefix } from '../../src/ledger/map-key.js';
import {
  bitAt,
  firstDifference,
  hashOfLeaves,
  type Leaf,
  mapLeafHash,
  mapNodeHash,
  rootFromMapPath,
} from '../../src/merkle/map-hash.js';
import type { MapLeaf } from '../../src/merkle/map-nodes.js';
import type { MapView } from '../../src/merkle/map-view.js';
import { type KeptMap, ObjectMap } from '../../src/merkle/object-map.js';
import { nodeSha256 as hash, toHex } from '../unit/ledger/golden.js';

const it = suite('object map beside a plain list');

const bucket = fc.constantFrom('abc', 'abcd', 'b.c');
const text = fc.string({
  unit: fc.constantFrom('a', 'b', '/', '\0', 'é', '\u{1f600}'),
  maxLength: 6,
});
const version = fc.integer({ min: 1, max: 6 });
const key = fc.tuple(bucket, text, version).map((of) => versionKey(...of));
const recordHash = fc.integer({ min: 0, max: 3 }).map((n) => hash(Uint8Array.of(n)));
const step = fc.record({ does: fc.constantFrom('set', 'set', 'remove', 'hash'), key, recordHash });

function leafOf({ key, recordHash }: MapLeaf): Leaf {
  return [key, recordHash];
}

/** The map's hash as SPEC.md defines it, by splitting the set in halves. */
function definedRoot(leaves: readonly MapLeaf[]): Uint8Array {
  const [first, ...others] = leaves;
  if (first === undefined) return hash();
  if (others.length === 0) return mapLeafHash(hash, leafOf(first));
  const bit = Math.min(...others.map((leaf) => firstDifference(first.key, leaf.key)));
  const side = (of: 0 | 1) => definedRoot(leaves.filter((leaf) => bitAt(leaf.key, bit) === of));
  return mapNodeHash(hash, bit, first.key, [side(0), side(1)]);
}

function sorted(model: ReadonlyMap<string, Uint8Array>): MapLeaf[] {
  return [...model.keys()].sort().map((hex) => {
    return { key: Uint8Array.from(Buffer.from(hex, 'hex')), recordHash: model.get(hex) ?? hash() };
  });
}

function rehash(map: ObjectMap): void {
  for (const _ of map.rehash());
}

it('has the root that the set defines, whatever came and went, in whatever order', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60, size: 'max' }),
      fc.infiniteStream(fc.nat()),
      (steps, chance) => {
        const map = new ObjectMap(hash);
        const model = new Map<string, Uint8Array>();
        for (const { does, key, recordHash } of steps) {
          if (does === 'hash') rehash(map);
          else if (does === 'remove') assert.is(map.remove(key), model.delete(toHex(key)));
          else {
            map.set(key, recordHash);
            model.set(toHex(key), recordHash);
          }
        }
        rehash(map);
        const leaves = sorted(model);
        const root = toHex(map.root());
        assert.is(root, toHex(definedRoot(leaves)));
        assert.is(root, toHex(hashOfLeaves(hash, leaves.map(leafOf)) ?? Uint8Array.of()));
        const other = new ObjectMap(hash);
        const order = leaves.map((leaf) => ({ leaf, rank: chance.next().value ?? 0 }));
        order.sort((a, b) => a.rank - b.rank);
        for (const { leaf } of order) other.set(leaf.key, leaf.recordHash);
        rehash(other);
        assert.is(toHex(other.root()), root);
      },
    ),
  );
});

it('leads from every leaf, from every prefix and towards every absent key to the root', () => {
  const set = fc.array(fc.tuple(key, recordHash), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(set, bucket, text, (entries, inBucket, probe) => {
      const map = new ObjectMap(hash);
      const model = new Map<string, Uint8Array>();
      for (const [one, value] of entries) {
        map.set(one, value);
        model.set(toHex(one), value);
      }
      rehash(map);
      const root = toHex(map.root());
      const leaves = sorted(model);
      for (const leaf of leaves) {
        const found = map.prove(leaf.key);
        assert.equal(found && { key: found.key, recordHash: found.recordHash }, leaf);
        const reached = rootFromMapPath(
          hash,
          leaf.key,
          found?.path ?? [],
          mapLeafHash(hash, leafOf(leaf)),
        );
        assert.is(reached && toHex(reached), root);
        assert.is(map.depthOf(leaf.key), found?.path.length);
      }
      const prefix = listingKey(inBucket, probe);
      const expected = leaves.filter((leaf) => prefix.every((byte, at) => byte === leaf.key[at]));
      const listing = map.proveListing(prefix);
      assert.equal(listing?.leaves ?? [], expected);
      assert.equal(map.firstWithPrefix(prefix), expected[0]);
      if (listing === undefined) return;
      const subtree = hashOfLeaves(hash, listing.leaves.map(leafOf)) ?? hash();
      const reached = rootFromMapPath(hash, prefix, listing.path, subtree);
      assert.is(reached && toHex(reached), root);
    }),
  );
});

it('keeps what it was, however it goes on, and no longer than it is held', () => {
  const does = fc.constantFrom('set', 'set', 'remove', 'keep', 'letGo');
  const steps = fc.array(fc.record({ does, key, recordHash, which: fc.nat() }), {
    maxLength: 80,
    size: 'max',
  });
  fc.assert(
    fc.property(steps, (all) => {
      const map = new ObjectMap(hash);
      const model = new Map<string, Uint8Array>();
      const kept: { readonly held: KeptMap; readonly leaves: readonly MapLeaf[] }[] = [];
      for (const { does, key, recordHash, which } of all) {
        if (does === 'set') {
          map.set(key, recordHash);
          model.set(toHex(key), recordHash);
        } else if (does === 'remove') assert.is(map.remove(key), model.delete(toHex(key)));
        else if (does === 'keep') {
          rehash(map);
          kept.push({ held: map.keep(), leaves: sorted(model) });
        } else kept.splice(which % (kept.length + 1), 1)[0]?.held.letGo();
        for (const { held, leaves } of kept) isMapOf(held.view, leaves);
      }
      rehash(map);
      isMapOf(map.now(), sorted(model));
    }),
  );
});

function isMapOf(view: MapView, leaves: readonly MapLeaf[]): void {
  assert.is(view.count, leaves.length);
  assert.is(toHex(view.root()), toHex(hashOfLeaves(hash, leaves.map(leafOf)) ?? hash()));
  const seen: MapLeaf[] = [];
  view.forEach((leaf) => {
    seen.push(leaf);
  });
  assert.equal(seen, leaves);
}

it('is loaded from its leaves and nodes without hashing, and goes on from there', () => {
  const set = fc.array(fc.tuple(key, recordHash), { maxLength: 40 });
  fc.assert(
    fc.property(set, set, (entries, later) => {
      const map = new ObjectMap(hash);
      for (const [one, value] of entries) map.set(one, value);
      rehash(map);
      let hashCount = 0;
      const { map: loaded, add } = ObjectMap.load((...parts) => {
        hashCount++;
        return hash(...parts);
      });
      for (const leaf of map.now().inOrder()) add(leaf);
      assert.is(hashCount, 0);
      assert.is(toHex(loaded.root()), toHex(map.root()));
      for (const [one, value] of later) {
        map.set(one, value);
        loaded.set(one, value);
      }
      for (const [one] of entries) assert.is(map.remove(one), loaded.remove(one));
      rehash(map);
      rehash(loaded);
      assert.is(toHex(loaded.root()), toHex(map.root()));
    }),
  );
});

it("builds the verifier's keys as the store builds its own", () => {
  const any = fc.string({ unit: 'binary', maxLength: 20 });
  fc.assert(
    fc.property(bucket, fc.oneof(text, any), fc.maxSafeNat(), (inBucket, name, of) => {
      let stored: string;
      try {
        stored = toHex(versionKey(inBucket, name, of));
      } catch (error) {
        assert.ok(isLogStoreError(error, 'INVALID_ARGUMENT')); // half a surrogate pair
        return;
      }
      assert.is(toHex(mapKey(inBucket, name, of)), stored);
      assert.is(toHex(mapKeyPrefix(inBucket, name)), toHex(keyPrefix(inBucket, name)));
      assert.is(toHex(mapPrefix(inBucket, name)), toHex(listingKey(inBucket, name)));
    }),
  );
});

it.run();
