import { createHash, generateKeyPairSync, hash as nodeHash, sign } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { decodeVersionKey, versionKey } from '../src/format/key-encoding.js';
import { ledgerBlock } from '../src/format/ledger-block.js';
import type { ObjectRecord } from '../src/format/mutation.js';
import { encodeCheckpoint } from '../src/ledger/checkpoint.js';
import { recordOfObject } from '../src/ledger/derive-record.js';
import { encodeObjectProof, type ProofTexts, type TlogProof } from '../src/ledger/encode-proof.js';
import { encodeVkey, noteKey, signatureTypes } from '../src/ledger/note.js';
import { proveAbsence, proveVersion } from '../src/ledger/prove.js';
import { encodeNote, signCheckpoint } from '../src/ledger/sign-checkpoint.js';
import { verifyObjectProof } from '../src/ledger/verify.js';
import { GrowingTree, inclusionPath } from '../src/merkle/growing-tree.js';
import { ObjectMap } from '../src/merkle/object-map.js';
import { leafHash } from '../src/merkle/rfc6962.js';
import type { Bench, Figure } from './figure.js';

const changeCount = 1000;
const blockCount = 100_000; // eleven days of blocks
const sampleCount = 500;
const origin = 'store.example/ledger';
const time = 1_700_000_000_000;

/** SHA-256 of Node; one call for what is one piece. */
function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return nodeHash('sha256', only, 'buffer');
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** What sealing costs, and how large and how slow to check a proof is. */
export const ledger: Bench = {
  name: 'ledger',
  asks: 'CPU to seal 1,000 changes, size of a proof, time to check one',
  run: async ({ full }) => measure(full ? 1_000_000 : 100_000),
};

function measure(objectCount: number): Figure[] {
  const map = new ObjectMap(sha256);
  for (let index = 0; index < objectCount; index++) {
    map.set(keyOf(index), sha256(new TextEncoder().encode(recordOf(index))));
  }
  for (const _ of map.rehash());
  const sealing = Array.from({ length: 5 }, (_, round) => sealMs(map, objectCount, round));
  const { proofOf, vkey } = signedLog(map);
  const proofs = Array.from({ length: sampleCount }, (_, sample) => {
    return proofOf(Math.floor((sample * objectCount) / sampleCount));
  });
  const checking = proofs.slice(0, 50).map((proof) => {
    const startedMs = performance.now();
    const verdict = verifyObjectProof(proof, { keys: [vkey] });
    if (!verdict.isProven) throw new Error(`${verdict.check}: ${verdict.reason}`);
    return performance.now() - startedMs;
  });
  const sizes = proofs.map((proof) => Buffer.byteLength(proof));
  const note = `${objectCount} objects`;
  const of = (name: string, values: number[], unit: string, target: string): Figure => {
    const value = median(values);
    return { bench: `ledger/${name}`, value, baseline: null, ratio: null, unit, target, note };
  };
  const most = `${objectCount} objects, the largest ${Math.max(...sizes)} bytes`;
  return [
    of('seal-1000-changes', sealing, 'ms of CPU', '< 100'),
    { ...of('proof-size', sizes, 'bytes', '< 4096'), note: most },
    { ...of('check-a-proof', checking, 'ms', '< 20'), note: `${note}, noble in Node` },
  ];
}

/** Changes of all kinds at random places: overwritten, new and removed objects. */
function sealMs(map: ObjectMap, objectCount: number, round: number): number {
  const started = process.cpuUsage();
  for (let change = 0; change < changeCount; change++) {
    const index = (round * 7919 + change * 104_729) % objectCount;
    const key =
      change % 10 === 0 ? keyOf(objectCount + round * changeCount + change) : keyOf(index);
    if (change % 10 === 1) map.remove(key);
    else map.set(key, sha256(new TextEncoder().encode(recordOf(change))));
  }
  for (const _ of map.rehash());
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1000;
}

/** A log of many blocks, the last of which states the map; and proofs of objects in it. */
function signedLog(map: ObjectMap) {
  const levels: Uint8Array[][] = [];
  const tree = new GrowingTree(sha256, (level, index, hash) => {
    const hashes = levels[level] ?? [];
    hashes[index] = hash;
    levels[level] = hashes;
  });
  const empty = new Uint8Array(32);
  const blockAt = (height: number) =>
    ledgerBlock.encode({
      ...{ origin, height, prev: height === 0 ? undefined : empty, time, versions: [1, 2] },
      ...{ map: [map.count, map.root()], delta: [0, sha256()], keys: empty, follows: [] },
    });
  const plain = new TextEncoder().encode(blockAt(0));
  for (let height = 0; height < blockCount - 1; height++) tree.append(leafHash(sha256, plain));
  const block = blockAt(blockCount - 1);
  tree.append(leafHash(sha256, new TextEncoder().encode(block)));
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  const key = noteKey(origin, signatureTypes.log, Uint8Array.from(raw));
  const signer = { key, sign: (message: Uint8Array) => sign(null, message, privateKey) };
  const checkpoint = { origin, size: tree.size, root: tree.root() };
  const signatures = [signCheckpoint(signer, checkpoint, 0)];
  const hashAt = (level: number, index: number) => levels[level]?.[index] ?? empty;
  const proof: TlogProof = {
    index: blockCount - 1,
    path: inclusionPath(sha256, hashAt, blockCount - 1, tree.size),
    checkpoint: encodeNote({ text: encodeCheckpoint(checkpoint), signatures }),
  };
  const proofOf = (index: number) => encodeObjectProof(objectProof(map, index, block, proof));
  return { proofOf, vkey: encodeVkey(key) };
}

/** Of every object that is still there and was not changed that it is current, else its absence. */
function objectProof(map: ObjectMap, index: number, block: string, proof: TlogProof): ProofTexts {
  const { bucket, key, version } = decodeVersionKey(keyOf(index));
  const absent = proveAbsence(map, 'absent', bucket, `${key}-never`);
  if (absent === undefined) throw new Error('a key that was never stored is there');
  const record = recordOf(index);
  const isThere =
    map.recordHash(keyOf(index))?.toString() ===
    sha256(new TextEncoder().encode(record)).toString();
  if (!isThere || index % 2 === 1) return { head: absent, subject: undefined, block, proof };
  const head = proveVersion(map, 'current', bucket, key, version);
  return { head, subject: record, block, proof };
}

/** Names as people give them: some folders, a date, a number. */
function keyOf(index: number): Uint8Array {
  const day = String(1 + (index % 28)).padStart(2, '0');
  const folder = `logs/host-${index % 97}/2024-02-${day}`;
  return versionKey('photos', `${folder}/part-${String(index).padStart(8, '0')}.gz`, index + 1);
}

function recordOf(index: number): string {
  const salt = sha256(Uint8Array.of(index, index >> 8, index >> 16)).subarray(0, 16);
  const object: ObjectRecord = {
    ...{ sizeBytes: index, etag: salt, partCount: 0, sha256: sha256(salt), partsRoot: null },
    ...{ checksums: [], runs: [], parts: [], headers: ['application/gzip'], metadata: [] },
    ...{ expiresUnixMs: 0, salt, uploadVersion: 0, flags: 0 },
  };
  return recordOfObject(sha256, object, time, undefined);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
