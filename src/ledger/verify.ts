import { utf8ToBytes } from '@noble/hashes/utils.js';
import { type Check, must, NotProven } from '../base/not-proven.js';
import { type Change, changeRecord } from '../format/change-record.js';
import { type LedgerBlock, ledgerBlock } from '../format/ledger-block.js';
import * as records from '../format/object-record.js';
import * as form from '../format/text-lines.js';
import * as map from '../merkle/map-hash.js';
import * as tree from '../merkle/rfc6962.js';
import { type Checkpoint, decodeCheckpoint, type Signer, signersOf } from './checkpoint.js';
import { type KeySet, keySet, keysAt } from './keys.js';
import { mapKey, mapKeyPrefix, mapPrefix } from './map-key.js';
import { decodeNote, decodeVkey, type Note, signatureTypes } from './note.js';
import * as proofs from './object-proof.js';
import { sha256 } from './strict-crypto.js';

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
type Shown = Omit<ProvenCheckpoint, 'signers'>;

export type ProvenBlock = ProvenCheckpoint & { readonly block: LedgerBlock };

export interface ProvenObject extends ProvenBlock {
  /** The claim, and of which object, prefix, version or leaves it holds. */
  readonly head: proofs.ObjectProofHead;
  /** Of `version` and `current`. */
  readonly record?: records.ObjectFacts;
  /** Of a version whose tags or lock were set after its put: it says the last of them. */
  readonly state?: records.StateFacts;
  /** Of `written`: what the block says that was done. */
  readonly change?: Change;
}

/**
 * How many lines `object version leaf path place hash` a claim has, and then how many of record and
 * state: 0, 1, or 2 and more.
 */
const shapes = [
  /^(version|current) 110.001.$/,
  /^(absent|empty) 10[01].0000$/,
  /^listing 10[12].0000$/,
  /^written 00001.10$/,
];

export type Verdict<T> =
  | { readonly isProven: true; readonly proven: T }
  | { readonly isProven: false; readonly check: Check; readonly reason: string };

/** What an object-proof/v1 proves, or which check failed. Pure: no clock, no network, no Node. */
export function verifyObjectProof(text: string, trust: Trust): Verdict<ProvenObject> {
  return verdictOf(trust, () => {
    const shown = proofs.decodeObjectProof(text);
    const { head, subject, state } = shown;
    const lines = [head.object, head.version, head.leaf, head.path, head.place, head.hash];
    const texts = [subject, state].map((one) => (one === undefined ? [] : [one]));
    const counts = [...lines, ...texts].map((list) => Math.min(list.length, 2));
    const isShaped = shapes.some((shape) => shape.test(`${head.claim} ${counts.join('')}`));
    must('form', isShaped, `not the lines of a claim "${head.claim}"`);
    const logged = loggedBlock(shown);
    const proven = { ...logged, head };
    if (head.claim === 'written') return { ...proven, change: provenChange(shown, logged.block) };
    checkMap(shown, logged.block);
    return subject === undefined ? proven : { ...proven, ...recordOf(shown, logged.block) };
  });
}

/** A keys/v1 that a block commits to (SPEC.md, Keys). */
export function verifyKeySet(text: string, trust: Trust): Verdict<ProvenBlock & { keys: KeySet }> {
  return verdictOf(trust, () => {
    const { texts, ...shown } = proofs.decodeProof(text);
    const [keysText = '', ...others] = texts;
    if (others.length > 0) form.refuse('a key set comes with one block');
    const logged = loggedBlock(shown);
    const keys = keySet.decode(keysText);
    const isThere = tree.equalHashes(sha256(utf8ToBytes(keysText)), logged.block.keys);
    must('keys', isThere, 'the block names another key set');
    must('keys', keys.origin === logged.block.origin, 'the key set is of another log');
    return { ...logged, keys };
  });
}

/** That the signed tree begins with the older one: nothing up to there was rewritten. */
export function verifyConsistency(older: Checkpoint, newer: string, path: tree.Path, trust: Trust) {
  return verdictOf(trust, () => {
    const shown = openNote(newer);
    must('consistency', older.origin === shown.checkpoint.origin, 'the logs are not the same');
    const isGrown = tree.isConsistent(sha256, older, shown.checkpoint, path);
    must('consistency', isGrown, 'the newer tree is not shown to begin with the older one');
    return shown;
  });
}

/** Whether one who is trusted signed this checkpoint. */
export function verifyCheckpoint(text: string, trust: Trust): Verdict<ProvenCheckpoint> {
  return verdictOf(trust, () => openNote(text));
}

function openNote(text: string): Shown {
  const note = decodeNote(text);
  return { note, checkpoint: decodeCheckpoint(note.text) };
}

/** Signatures are checked last: they cost the most, and mean nothing for what does not hold. */
function verdictOf<T extends Shown>(trust: Trust, prove: () => T): Verdict<T & ProvenCheckpoint> {
  try {
    const shown = prove();
    const signers = trustedSigners(shown.note, shown.checkpoint, trust);
    return { isProven: true, proven: { ...shown, signers } };
  } catch (error) {
    if (!(error instanceof NotProven)) throw error;
    return { isProven: false, check: error.check, reason: error.message };
  }
}

function trustedSigners(note: Note, { origin, size, root }: Checkpoint, trust: Trust): Signer[] {
  const pin = trust.pins?.find((one) => one.origin === origin && one.size === size);
  const isPinned = pin !== undefined && tree.equalHashes(pin.root, root);
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

function loggedBlock({ block: text, proof }: Pick<proofs.ObjectProof, 'block' | 'proof'>) {
  const { note, checkpoint } = openNote(proof.checkpoint);
  const isThere = tree.isIncluded(sha256, utf8ToBytes(text), proof, checkpoint);
  must('log', isThere, 'the block is not shown to be in the tree of the checkpoint');
  const block = ledgerBlock.decode(text);
  must('block', block.origin === checkpoint.origin, 'the block is of another log');
  must('block', block.height === proof.index, 'the block stands at another height');
  return { note, checkpoint, block };
}

/** Of all claims but `written`: what the path from the leaves to the block's root shows. */
function checkMap({ head, subject, state }: proofs.ObjectProof, block: LedgerBlock): void {
  const [name = ['', '']] = head.object;
  const isOfKey = head.claim !== 'empty' && head.claim !== 'listing';
  const prefix = isOfKey ? mapKeyPrefix(...name) : mapPrefix(...name);
  const record = sha256(utf8ToBytes(state ?? subject ?? ''));
  const own = head.version.map((version) => [version, name, record] as const);
  const leaves = [...own, ...head.leaf].map(([version, of, recordHash]): map.Leaf => {
    return [mapKey(...of, version), recordHash];
  });
  const subtree = map.hashOfLeaves(sha256, leaves);
  must('map', subtree !== undefined, 'the leaves are not in order');
  const [[first] = []] = leaves;
  const from = head.claim === 'listing' ? prefix : (first ?? prefix);
  const root = map.rootFromMapPath(sha256, from, head.path, subtree);
  const isThere = root !== undefined && tree.equalHashes(root, block.map[1]);
  must('map', isThere, "the path does not lead to the root of the block's map");
  if (head.claim === 'current') {
    const below = head.path.filter(([bit]) => bit >= 8 * prefix.length);
    const isOlder = below.some(([bit]) => map.bitAt(from, bit) === 1);
    must('map', !isOlder, 'the key may have a newer version');
  } else if (head.claim === 'listing') {
    const isWithin = leaves.every(([key]) => prefix.every((byte, at) => byte === key[at]));
    must('map', isWithin, 'a leaf is outside of the prefix');
  } else if (head.claim !== 'version' && first !== undefined) {
    const parting = map.firstDifference(prefix, first);
    must('map', parting >= 0, 'the neighbour has the prefix: it is there');
    // Were there such a key, it would part from the neighbour here, and the path would show where.
    const isApart = head.path.every(([bit]) => bit !== parting);
    must('map', isApart, 'the path leaves open whether there is such a key');
  } else if (first === undefined) must('map', head.path.length === 0, 'a path leads to nothing');
}

/** What is said of the version of `version` and `current`. */
function recordOf({ head, subject = '', state }: proofs.ObjectProof, block: LedgerBlock) {
  const record = records.objectRecord.decode(subject);
  const isOneBody = record.sha256.length + record.parts.length === 1;
  must('record', isOneBody, 'a record states the content once');
  const isLive = record.expires === undefined || record.expires > block.time;
  must('record', head.claim === 'version' || isLive, 'it expired before the time of the block');
  if (state === undefined) return { record };
  const facts = records.objectState.decode(state);
  const isOfRecord = tree.equalHashes(facts.record, sha256(utf8ToBytes(subject)));
  must('record', isOfRecord, 'the state is of another record');
  return { record, state: facts };
}

/** `written` */
function provenChange({ head, subject = '' }: proofs.ObjectProof, block: LedgerBlock): Change {
  const [size, root] = block.delta;
  const place = { index: head.place[0] ?? size, path: head.hash };
  const isThere = tree.isIncluded(sha256, utf8ToBytes(subject), place, { size, root });
  must('delta', isThere, 'the change is not shown to be in the block');
  const change = changeRecord.decode(subject);
  const [first, next] = block.versions;
  const isOfBlock = first <= change.version && change.version < next;
  must('record', isOfBlock, 'the change has a version that the block does not seal');
  must('record', change.object.length + change.keyed.length === 1, 'a change has one name');
  return change;
}
