import { encodeAddCheckpoint } from '../../../src/ledger/add-checkpoint.js';
import { encodeCheckpoint } from '../../../src/ledger/checkpoint.js';
import { ed25519Signer } from '../../../src/ledger/ed25519-signer.js';
import { encodeVkey, signatureTypes } from '../../../src/ledger/note.js';
import { encodeNote, signCheckpoint } from '../../../src/ledger/sign-checkpoint.js';
import type { Submission } from '../../../src/ledger/witness-client.js';
import { consistencyPath, rootAt } from '../../../src/merkle/growing-tree.js';
import { nodeSha256 } from '../ledger/golden.js';
import { treeOf } from '../ledger/signed-log.js';

export const origin = 'store.example/ledger';
export const logSigner = ed25519Signer(origin, signatureTypes.log, new Uint8Array(32).fill(7));
export const logVkey = encodeVkey(logSigner.key);
export const witnessSigner = ed25519Signer(
  'witness.example/w1',
  signatureTypes.witness,
  new Uint8Array(32).fill(9),
);

/** A log as its operator shows it, of up to 300 blocks. */
export interface ShownLog {
  /** The signed checkpoint of its first `size` blocks. */
  note(size: number): string;
  path(older: number, newer: number): Uint8Array[];
  submission(size: number): Submission;
  /** The body of a request. */
  request(oldSize: number, size: number): string;
}

/** The honest log; or a second history of it, which is another one from `forkAt` on. */
export function shownLog(forkAt = Number.POSITIVE_INFINITY, signer = logSigner): ShownLog {
  const { hashAt } = treeOf(300, (index) => (index < forkAt ? `entry ${index}` : `other ${index}`));
  const path = (older: number, newer: number) => consistencyPath(nodeSha256, hashAt, older, newer);
  const note = (size: number) => {
    const checkpoint = { origin: signer.key.name, size, root: rootAt(nodeSha256, hashAt, size) };
    const signatures = [signCheckpoint(signer, checkpoint, 0)];
    return encodeNote({ text: encodeCheckpoint(checkpoint), signatures });
  };
  return {
    note,
    path,
    submission: (size) => ({
      checkpoint: note(size),
      consistencyPath: (older) => path(older, size),
    }),
    request: (oldSize, size) =>
      encodeAddCheckpoint({ oldSize, path: path(oldSize, size), checkpoint: note(size) }),
  };
}
