import { createPublicKey } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { RFC9162 } from '@transmute/rfc9162';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeCheckpoint } from '../../../src/ledger/checkpoint.js';
import { encodeVkey, signatureTypes } from '../../../src/ledger/note.js';
import { encodeNote, signCheckpoint } from '../../../src/ledger/sign-checkpoint.js';
import {
  decodeEntryBundle,
  encodeEntryBundle,
  encodeTile,
  hashesFromTiles,
  type Tile,
  tilePath,
  tilesBetween,
  tileWidth,
} from '../../../src/ledger/tiles.js';
import { verifyCheckpoint } from '../../../src/ledger/verify.js';
import { consistencyPath, inclusionPath, rootAt } from '../../../src/merkle/growing-tree.js';
import { isConsistent, isIncluded, leafHash } from '../../../src/merkle/rfc6962.js';
import { fromHex, nodeSha256 as hash, nodeSigner, toHex } from './golden.js';
import { treeOf } from './signed-log.js';

const it = suite("other people's verifiers");
const origin = 'store.example/ledger';
const log = nodeSigner('07'.repeat(32), origin, signatureTypes.log);
const witness = nodeSigner('09'.repeat(32), 'witness.example/w', signatureTypes.witness);

/** What of @sigstore/verify 3.1.1 is used; not part of its public interface, so pinned. */
interface Sigstore {
  verifyCheckpoint(entry: unknown, logs: unknown[]): { logSize: bigint; logHash: Buffer };
  verifyMerkleInclusion(entry: unknown, checkpoint: unknown): void;
}

function sigstore(): Sigstore {
  const folder = join(process.cwd(), 'node_modules/@sigstore/verify/dist/tlog');
  const load = createRequire(join(folder, 'index.js'));
  return { ...load('./checkpoint.js'), ...load('./merkle.js') };
}

const spkiEd25519 = fromHex('302a300506032b6570032100');
const sigstoreLog = {
  logID: Buffer.from(log.key.id, 'hex'),
  // It looks for the note's key name in here.
  baseURL: `https://${origin}`,
  publicKey: createPublicKey({
    key: Buffer.concat([spkiEd25519, log.key.publicKey]),
    format: 'der',
    type: 'spki',
  }),
};

function sigstoreAccepts(entry: Uint8Array, index: number, path: Uint8Array[], envelope: string) {
  const given = {
    canonicalizedBody: Buffer.from(entry),
    inclusionProof: {
      logIndex: String(index),
      hashes: path.map((one) => Buffer.from(one)),
      checkpoint: { envelope },
    },
  };
  try {
    const { verifyCheckpoint, verifyMerkleInclusion } = sigstore();
    verifyMerkleInclusion(given, verifyCheckpoint(given, [sigstoreLog]));
    return true;
  } catch {
    return false;
  }
}

function oursAccepts(entry: Uint8Array, index: number, path: Uint8Array[], envelope: string) {
  const verdict = verifyCheckpoint(envelope, { keys: [encodeVkey(log.key)] });
  if (!verdict.isProven) return false;
  return isIncluded(hash, entry, { index, path }, verdict.proven.checkpoint);
}

function flipped(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, at) => (at === 5 ? byte ^ 4 : byte));
}

for (const size of [1, 2, 3, 8, 100, 1000])
  it(`@sigstore/verify accepts what ours accepts, and refuses what ours refuses: ${size}`, () => {
    const { hashAt, entries } = treeOf(size);
    const checkpoint = { origin, size, root: rootAt(hash, hashAt, size) };
    const text = encodeCheckpoint(checkpoint);
    const own = signCheckpoint(log, checkpoint, 0);
    const cosigned = [own, signCheckpoint(witness, checkpoint, 1_700_000_000)];
    for (const signatures of [[own], cosigned]) {
      const note = encodeNote({ text, signatures });
      for (const index of [0, size >> 1, size - 1]) {
        const entry = entries[index] ?? fromHex('');
        const path = inclusionPath(hash, hashAt, index, size);
        for (const accepts of [sigstoreAccepts, oursAccepts]) {
          assert.ok(accepts(entry, index, path, note));
          assert.not(accepts(flipped(entry), index, path, note));
          assert.not(accepts(entry, index + 1, path, note));
          assert.not(accepts(entry, index, path.slice(1).concat(path.slice(2)), note) && size > 2);
          assert.not(accepts(entry, index, [...path, entry.slice(0, 32)], note));
          assert.not(accepts(entry, index, path, note.replace(`\n${size}\n`, `\n${size + 1}\n`)));
          const forged = { ...own, signature: flipped(own.signature) };
          assert.not(accepts(entry, index, path, encodeNote({ text, signatures: [forged] })));
        }
      }
    }
  });

interface Place {
  readonly index: number;
  readonly size: number;
  readonly path: readonly Uint8Array[];
}

/** That theirs and ours come to the same verdict on an inclusion path. */
async function bothSay(
  verdict: boolean,
  root: Uint8Array,
  entry: Uint8Array,
  { index, size, path }: Place,
): Promise<void> {
  const proof = { log_id: '', tree_size: size, leaf_index: index, inclusion_path: [...path] };
  assert.is(await RFC9162.verifyInclusionProof(root, leafHash(hash, entry), proof), verdict);
  assert.is(isIncluded(hash, entry, { index, path }, { size, root }), verdict);
}

/** What a log publishes, by path, as it is fetched. */
function published(size: number): Map<string, Uint8Array> {
  const { hashAt, entries } = treeOf(size);
  const files = new Map<string, Uint8Array>();
  for (const tile of tilesBetween(0, size)) {
    const first = tile.index * tileWidth;
    const ofTile = entries.slice(first, first + tile.width);
    const isBundle = tile.level === 'entries';
    files.set(tilePath(tile), isBundle ? encodeEntryBundle(ofTile) : encodeTile(tile, hashAt));
  }
  return files;
}

for (const size of [255, 300, 600])
  it(`@transmute/rfc9162 accepts what comes from fetched tiles, unless a bit differs: ${size}`, async () => {
    const files = published(size);
    const fetched = (tile: Tile) => files.get(tilePath(tile)) ?? fromHex('');
    const entries = tilesBetween(0, size)
      .filter(({ level }) => level === 'entries')
      .flatMap((tile) => decodeEntryBundle(fetched(tile)) ?? []);
    const hashAt = hashesFromTiles(hash, size, fetched);
    const root = rootAt(hash, hashAt, size);
    assert.is(toHex(await RFC9162.treeHead(entries)), toHex(root));
    for (const index of [0, 1, 127, 254, size - 1]) {
      const entry = entries[index] ?? fromHex('');
      const path = inclusionPath(hash, hashAt, index, size);
      await bothSay(true, root, entry, { index, size, path });
    }
    for (const older of [1, 100, 254]) {
      const path = consistencyPath(hash, hashAt, older, size);
      const before = rootAt(hash, hashAt, older);
      const consistency_path = older === 1 ? [before, ...path] : path; // as below
      const proof = { log_id: '', tree_size_1: older, tree_size_2: size, consistency_path };
      assert.ok(await RFC9162.verifyConsistencyProof(before, root, proof));
      assert.ok(isConsistent(hash, { size: older, root: before }, { size, root }, path));
    }
    const tile = tilesBetween(0, size).find(({ level }) => level === 0);
    assert.ok(tile);
    if (tile === undefined) return;
    const damaged = hashesFromTiles(hash, size, (one) => {
      return tilePath(one) === tilePath(tile) ? flipped(fetched(one)) : fetched(one);
    });
    const entry = entries[1] ?? fromHex('');
    const path = inclusionPath(hash, damaged, 1, size);
    await bothSay(false, root, entry, { index: 1, size, path });
    const older = consistencyPath(hash, damaged, 100, size);
    const before = rootAt(hash, hashAt, 100);
    assert.not(isConsistent(hash, { size: 100, root: before }, { size, root }, older));
    const proof = { log_id: '', tree_size_1: 100, tree_size_2: size, consistency_path: older };
    assert.not(await RFC9162.verifyConsistencyProof(before, root, proof));
  });

it('@transmute/rfc9162 has the same roots and paths, and verifies ours', async () => {
  const { hashAt, entries } = treeOf(33);
  for (const size of [1, 2, 3, 5, 8, 17, 32, 33]) {
    const some = entries.slice(0, size);
    const root = rootAt(hash, hashAt, size);
    assert.is(toHex(await RFC9162.treeHead(some)), toHex(root));
    for (let index = 0; index < size; index++) {
      const inclusion_path = inclusionPath(hash, hashAt, index, size);
      const entry = entries[index] ?? fromHex('');
      await bothSay(true, root, entry, { index, size, path: inclusion_path });
      await bothSay(false, root, flipped(entry), { index, size, path: inclusion_path });
      await bothSay(false, flipped(root), entry, { index, size, path: inclusion_path });
      for (const [at, hash] of inclusion_path.entries()) {
        const path = inclusion_path.with(at, flipped(hash));
        await bothSay(false, root, entry, { index, size, path });
      }
    }
    for (let older = 1; older < size; older++) {
      const path = consistencyPath(hash, hashAt, older, size);
      const before = rootAt(hash, hashAt, older);
      const theirs = await RFC9162.PROOF(older, some);
      // Where the older root is a node of the newer tree, RFC 6962 leaves it out and has the
      // verifier put it in front; theirs wants it in the path.
      const consistency_path = Number.isInteger(Math.log2(older)) ? [before, ...path] : path;
      assert.equal(consistency_path.map(toHex), theirs.map(toHex));
      const proof = { log_id: '', tree_size_1: older, tree_size_2: size, consistency_path };
      assert.ok(await RFC9162.verifyConsistencyProof(before, root, proof));
      assert.not(await RFC9162.verifyConsistencyProof(flipped(before), root, proof));
      const heads = [
        { size: older, root: flipped(before) },
        { size, root },
      ] as const;
      assert.not(isConsistent(hash, ...heads, path));
    }
  }
});

it.run();
