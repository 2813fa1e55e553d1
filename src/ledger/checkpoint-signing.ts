import { utf8ToBytes } from '@noble/hashes/utils.js';
import { equalHashes, type TreeHead } from '../merkle/rfc6962.js';
import type { BlockTree } from './block-tree.js';
import { encodeCheckpoint } from './checkpoint.js';
import { type HighWater, maySign, type Permission } from './high-water.js';
import type { HighWaterFile } from './high-water-file.js';
import { type KeySet, keysAt } from './keys.js';
import type { LedgerSecret } from './ledger-secret.js';
import { nodeSha256 } from './node-hash.js';
import { decodeNote, type NoteSignature } from './note.js';
import { encodeNote, signCheckpoint } from './sign-checkpoint.js';

/** Whether the log may sign what it is now: it must go on from what it was made to sign before. */
export function mayGoOn(
  mark: HighWater | undefined,
  origin: string,
  tree: BlockTree,
): Permission & { readonly isRolledBack?: boolean } {
  const originHash = nodeSha256(utf8ToBytes(origin));
  const head: TreeHead = { size: tree.size, root: tree.rootAt(tree.size) };
  const permission = maySign(mark, originHash, head);
  if (mark === undefined) return permission;
  if (!equalHashes(mark.originHash, originHash)) return permission;
  if (!permission.maySign) return { ...permission, isRolledBack: true };
  if (equalHashes(tree.rootAt(mark.size), mark.root)) return permission;
  const because = `its first ${mark.size} blocks are not those that were signed`;
  return { maySign: false, because, isRolledBack: true };
}

/** The log's checkpoint, signed by every key at hand that is in force at its last height. */
export function signedCheckpoint(
  origin: string,
  head: TreeHead,
  set: KeySet,
  secrets: readonly LedgerSecret[],
): string | undefined {
  const inForce = new Set(keysAt(set, head.size - 1).map(({ id }) => id));
  const checkpoint = { origin, ...head };
  const signatures = secrets
    .map((secret) => secret(origin))
    .filter(({ key }) => inForce.has(key.id))
    .map((signer) => signCheckpoint(signer, checkpoint, 0));
  if (signatures.length === 0) return undefined;
  return encodeNote({ text: encodeCheckpoint(checkpoint), signatures });
}

/** The note with one more signature, in place of an older one by the same key. */
export function withSignature(note: string, signature: NoteSignature): string {
  const { text, signatures } = decodeNote(note);
  const { name, id } = signature;
  const others = signatures.filter((one) => one.name !== name || one.id !== id);
  return encodeNote({ text, signatures: [...others, signature] });
}

/** Syncs the mark of what is about to be signed, where it is not known to be there already. */
export async function raiseMark(
  marks: HighWaterFile,
  origin: string,
  head: TreeHead,
): Promise<void> {
  const { mark } = marks;
  const originHash = nodeSha256(utf8ToBytes(origin));
  const isThere = mark?.size === head.size && equalHashes(mark.originHash, originHash);
  if (!isThere || !marks.isDurable) await marks.raise(head, originHash);
}
