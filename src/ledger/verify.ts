import { utf8ToBytes } from '@noble/hashes/utils.js';
import { type Check, NotProven } from '../base/not-proven.js';
import { type Change, changeRecord } from '../format/change-record.js';
import { type LedgerBlock, ledgerBlock } from '../format/ledger-block.js';
import {
  type ObjectFacts,
  objectRecord,
  objectState,
  type StateFacts,
} from '../format/object-record.js';
import * as form from '../format/text-lines.js';
import * as map from '../merkle/map-hash.js';
import {
  equalHashes,
  isConsistent,
  leafHash,
  rootFromInclusion,
  type TreeHead,
} from '../merkle/rfc6962.js';
import { type Checkpoint, decodeCheckpoint, type Signer, signersOf } from './checkpoint.js';
import { type KeySet, keySet, keysAt } from './keys.js';
import { mapKey, mapKeyPrefix, mapPrefix } from './map-key.js';
import { decodeNote, decodeVkey, type Note, signatureTypes } from './note.js';
import { decodeObjectProof, decodeProof, type ObjectProof } from './object-proof.js';
import { sha256 } from './strict-crypto.js';
import type { TlogProof } from './tlog-proof.js';

/** Whom the verifier believes. Everything else in a proof follows, or the proof is refused. */
export interface Trust {
  /** Verifier keys of the log, `name+id+base64`. One of them must have signed. */
  readonly keys: readonly string[];
  /** A key set that verifyKeySet() accepted: its keys count, by height, instead of `keys`. */
  readonly keySet?: KeySet;
  /** Verifier keys of witnesses, and how many of them must have signed as well; 0 by default. */
  readonly witnesses?: readonly string[];
  readonly witnessesNeeded?: number;
  /** Checkpoints known to be good, signed or not. One of the same size must be the same. */
  readonly pins?: readonly Checkpoint[];
}

export interface ProvenCheckpoint {
  readonly note: Note;
  readonly checkpoint: Checkpoint;
  readonly signers: readonly Signer[];
}

export interface ProvenBlock extends ProvenCheckpoint {
  readonly block: LedgerBlock;
}

export interface ProvenObject extends ProvenBlock {
  /** The claim, and of which object, prefix, version or leaves it holds. */
  readonly head: ObjectProof['head'];
  /** Of `version` and `current`. */
  readonly record?: ObjectFacts;
  /** Of a version whose tags or lock were set after its put: it says the last of them. */
  readonly state?: StateFacts;
  /** Of `written`: what the block says that was done. */
  readonly change?: Change;
}

/**
 * How many lines `object version leaf path place hash` a claim has, and then how many of record and
 * state: 0, 1, or 2 and more.
 */
const shapes: Readonly<Record<ObjectProof['head']['claim'], RegExp>> = {
  version: /^110.001.$/,
  current: /^110.001.$/,
  absent: /^10[01].0000$/,
  empty: /^10[01].0000$/,
  listing: /^10[12].0000$/,
  written: /^00001.10$/,
};

export type Verdict<T> =
  | { readonly isProven: true; readonly proven: T }
  | { readonly isProven: false; readonly check: Check; readonly reason: string };

/** What an object-proof/v1 proves, or which check failed. Pure: no clock, no network, no Node. */
export function verifyObjectProof(text: string, trust: Trust): Verdict<ProvenObject> {
  return verdictOf(trust, () => {
    const shown = decodeObjectProof(text);
    const { head, subject, state } = shown;
    const lines = [head.object, head.version, head.leaf, head.path, head.place, head.hash];
    const texts = [subject, state].map((one) => (one === undefined ? [] : [one]));
    const shape = [...lines, ...texts].map((list) => Math.min(list.length, 2)).join('');
    if (!shapes[head.claim].test(shape)) form.refuse(`not the lines of a claim "${head.claim}"`);
    const logged = loggedBlock(shown.block, shown.proof);
    const proven = { ...logged, head };
    if (head.claim === 'written') return { ...proven, change: provenChange(shown, logged.block) };
    checkMap(shown, logged.block);
    return subject === undefined ? proven : { ...proven, ...recordOf(shown, logged.block) };
  });
}

/** A keys/v1 that a block commits to (SPEC.md, Keys). */
export function verifyKeySet(text: string, trust: Trust): Verdict<ProvenBlock & { keys: KeySet }> {
  return verdictOf(trust, () => {
    const { texts, proof } = decodeProof(text);
    const [keysText = '', blockText = ''] = texts;
    if (texts.length !== 2) form.refuse('a key set comes with one block');
    const logged = loggedBlock(blockText, proof);
    const keys = keySet.decode(keysText);
    const isThere = equalHashes(sha256(utf8ToBytes(keysText)), logged.block.keys);
    must('keys', isThere, 'the block names another key set');
    must('keys', keys.origin === logged.block.origin, 'the key set is of another log');
    return { ...logged, keys };
  });
}

/** That the signed tree begins with the older one: nothing up to there was rewritten. */
export function verifyConsistency(
  older: Checkpoint,
  newer: string,
  path: readonly Uint8Array[],
  trust: Trust,
): Verdict<ProvenCheckpoint> {
  return verdictOf(trust, () => {
    const shown = openNote(newer);
    must('consistency', older.origin === shown.checkpoint.origin, 'the logs are not the same');
    const isGrown = isConsistent(sha256, older, shown.checkpoint, path);
    must('consistency', isGrown, 'the newer tree is not shown to begin with the older one');
    return shown;
  });
}

/** Whether one who is trusted signed this checkpoint. */
export function verifyCheckpoint(text: string, trust: Trust): Verdict<ProvenCheckpoint> {
  return verdictOf(trust, () => openNote(text));
}

function openNote(text: string) {
  const note = decodeNote(text);
  return { note, checkpoint: decodeCheckpoint(note.text) };
}

/** Signatures are checked last: they cost the most, and mean nothing for what does not hold. */
function verdictOf<T extends { note: Note; checkpoint: Checkpoint }>(
  trust: Trust,
  prove: () => T,
): Verdict<T & ProvenCheckpoint> {
  try {
    const shown = prove();
    const signers = trustedSigners(shown.note, shown.checkpoint, trust);
    return { isProven: true, proven: { ...shown, signers } };
  } catch (error) {
    if (!(error instanceof NotProven)) throw error;
    return { isProven: false, check: error.check, reason: error.message };
  }
}

function must(check: Check, holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new NotProven(check, otherwise);
}

function trustedSigners(note: Note, { origin, size, root }: Checkpoint, trust: Trust): Signer[] {
  const pin = trust.pins?.find((one) => one.origin === origin && one.size === size);
  const isPinned = pin !== undefined && equalHashes(pin.root, root);
  must('consistency', pin === undefined || isPinned, 'another root is pinned for this size');
  const given = trust.keys.map((vkey) => decodeVkey(vkey, signatureTypes.log));
  const keys = trust.keySet === undefined ? given : keysAt(trust.keySet, size - 1);
  const own = keys.filter(({ name }) => name === origin);
  const signers = signersOf(note, own);
  must('signature', isPinned || signers.length > 0, 'no trusted key of the log signed this');
  const witnessKeys = [...new Set(trust.witnesses)];
  const witnesses = witnessKeys.map((vkey) => decodeVkey(vkey, signatureTypes.witness));
  const cosigners = signersOf(note, witnesses);
  const isWitnessed = cosigners.length >= (trust.witnessesNeeded ?? 0);
  must('witnesses', isWitnessed, `only ${cosigners.length} of the witnesses signed this`);
  return [...signers, ...cosigners];
}

function loggedBlock(text: string, proof: TlogProof) {
  const { note, checkpoint } = openNote(proof.checkpoint);
  const isThere = isIncluded(text, proof.index, checkpoint, proof.path);
  must('log', isThere, 'the block is not shown to be in the tree of the checkpoint');
  const block = ledgerBlock.decode(text);
  must('block', block.origin === checkpoint.origin, 'the block is of another log');
  must('block', block.height === proof.index, 'the block stands at another height');
  return { note, checkpoint, block };
}

function isIncluded(
  text: string,
  index: number,
  { size, root }: TreeHead,
  path: readonly Uint8Array[],
): boolean {
  const leaf = leafHash(sha256, utf8ToBytes(text));
  const reached = rootFromInclusion(sha256, leaf, index, size, path);
  return reached !== undefined && equalHashes(reached, root);
}

/** Of all claims but `written`: what the path from the leaves to the block's root shows. */
function checkMap({ head, subject, state }: ObjectProof, block: LedgerBlock): void {
  const [[bucket, key] = ['', ''], version = 0] = [head.object[0], head.version[0]];
  const isOfKey = head.claim !== 'empty' && head.claim !== 'listing';
  const prefix = isOfKey ? mapKeyPrefix(bucket, key) : mapPrefix(bucket, key);
  const record = sha256(utf8ToBytes(state ?? subject ?? ''));
  const own = { key: mapKey(bucket, key, version), recordHash: record };
  const others = head.leaf.map(([of, name, hash]) => ({
    key: mapKey(...name, of),
    recordHash: hash,
  }));
  const leaves = head.version.length > 0 ? [own] : others;
  const subtree = map.hashOfLeaves(sha256, leaves);
  must('map', subtree !== undefined, 'the leaves are not in order');
  const [first] = leaves;
  const from = head.claim === 'listing' ? prefix : (first?.key ?? prefix);
  const path = head.path.map(([bit, sibling]) => ({ bit, sibling }));
  const root = map.rootFromMapPath(sha256, from, path, subtree);
  const isThere = root !== undefined && equalHashes(root, block.map[1]);
  must('map', isThere, "the path does not lead to the root of the block's map");
  const hasPrefix = (leaf: map.MapLeaf) => prefix.every((byte, at) => byte === leaf.key[at]);
  if (head.claim === 'current') {
    const isOlder = path.some(({ bit }) => bit >= 8 * prefix.length && map.bitAt(from, bit) === 1);
    must('map', !isOlder, 'the key may have a newer version');
  } else if (head.claim === 'listing') {
    must('map', leaves.every(hasPrefix), 'a leaf is outside of the prefix');
  } else if (head.claim !== 'version' && first !== undefined) {
    must('map', !hasPrefix(first), 'the neighbour has the prefix: it is there');
    // Were there such a key, it would part from the neighbour here, and the path would show where.
    const parting = map.firstDifference(prefix, first.key);
    const isApart = parting >= 0 && path.every(({ bit }) => bit !== parting);
    must('map', isApart, 'the path leaves open whether there is such a key');
  } else if (first === undefined) must('map', path.length === 0, 'a path leads to nothing');
}

/** What is said of the version of `version` and `current`. */
function recordOf({ head, subject = '', state: stateText }: ObjectProof, block: LedgerBlock) {
  const record = objectRecord.decode(subject);
  const isOneBody = record.sha256.length + record.parts.length === 1;
  must('record', isOneBody, 'a record states the content once');
  const isLive = record.expires === undefined || record.expires > block.time;
  must('record', head.claim === 'version' || isLive, 'it expired before the time of the block');
  if (stateText === undefined) return { record };
  const state = objectState.decode(stateText);
  const isOfRecord = equalHashes(state.record, sha256(utf8ToBytes(subject)));
  must('record', isOfRecord, 'the state is of another record');
  return { record, state };
}

/** `written` */
function provenChange({ head, subject = '' }: ObjectProof, block: LedgerBlock): Change {
  const [size, root] = block.delta;
  const isThere = isIncluded(subject, head.place[0] ?? size, { size, root }, head.hash);
  must('delta', isThere, 'the change is not shown to be in the block');
  const change = changeRecord.decode(subject);
  const [first, next] = block.versions;
  const isOfBlock = first <= change.version && change.version < next;
  must('record', isOfBlock, 'the change has a version that the block does not seal');
  must('record', change.object.length + change.keyed.length === 1, 'a change has one name');
  return change;
}
