import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, LogStoreError } from '../src/base/errors.js';
import { nodeHost } from '../src/host/node-host.js';
import { decodeVkey, signatureTypes } from '../src/ledger/note.js';
import { encodeNote } from '../src/ledger/sign-checkpoint.js';
import { sha256 } from '../src/ledger/strict-crypto.js';
import { hashesFromTiles, type Tile, tilePath, tileWidth } from '../src/ledger/tiles.js';
import { verifyCheckpoint } from '../src/ledger/verify.js';
import { type Cosigning, WitnessClient } from '../src/ledger/witness-client.js';
import { consistencyPath, type HashAt, rootAt } from '../src/merkle/growing-tree.js';
import { equalHashes } from '../src/merkle/rfc6962.js';
import { type ExitCode, exitCodes } from './exit-code.js';
import { print, shown } from './output.js';

const timeoutMs = 30_000;
const hashBytes = 32;

export interface AskWitnessArguments {
  /** The files that a log publishes: `checkpoint` and `tile/` (C2SP tlog-tiles). */
  readonly log: string;
  readonly keys: readonly string[];
  readonly witness: string;
  readonly url: string;
}

/**
 * Brings the checkpoint of a published log to a witness, and prints it with the cosignature.
 * @returns 2 where the log, or the witness, shows that its history was rewritten
 */
export async function askWitness(args: AskWitnessArguments): Promise<ExitCode> {
  const text = readFileSync(join(args.log, 'checkpoint'), 'utf8');
  const verdict = verifyCheckpoint(text, { keys: args.keys });
  if (!verdict.isProven) throw damaged(`${verdict.check}: ${verdict.reason}`);
  const { checkpoint, note } = verdict.proven;
  const hashAt = hashesOf(args.log, checkpoint.size);
  if (!equalHashes(rootAt(sha256, hashAt, checkpoint.size), checkpoint.root)) {
    throw damaged('the tiles have another root than the checkpoint');
  }
  const { clock } = nodeHost(args.log);
  const key = decodeVkey(args.witness, signatureTypes.witness);
  const client = new WitnessClient(key, args.url, { fetch, clock, timeoutMs });
  const outcome = await client.cosign({
    checkpoint: text,
    consistencyPath: (older) => consistencyPath(sha256, hashAt, older, checkpoint.size),
  });
  if (outcome.is !== 'cosigned') return await tell(outcome);
  const before = note.signatures.filter(({ name, id }) => name !== key.name || id !== key.id);
  await print(encodeNote({ ...note, signatures: [...before, outcome.signature] }));
  return exitCodes.well;
}

async function tell(outcome: Exclude<Cosigning, { is: 'cosigned' }>): Promise<ExitCode> {
  const reason =
    outcome.is === 'rolled-back'
      ? `it signed ${outcome.size} blocks of this log before, and there are fewer now`
      : shown(outcome.reason);
  await print(`${outcome.is}: ${reason}\n`);
  const isProof = outcome.is === 'rolled-back' || outcome.is === 'forked';
  return isProof ? exitCodes.damage : exitCodes.failed;
}

function hashesOf(log: string, size: number): HashAt {
  return hashesFromTiles(sha256, size, (tile) => tileBytes(log, tile));
}

/** The tile, or the full one of which it became a part when the log grew. */
function tileBytes(log: string, tile: Tile): Uint8Array {
  const bytes = fileBytes(log, tile) ?? fileBytes(log, { ...tile, width: tileWidth });
  if (bytes === undefined || bytes.length < tile.width * hashBytes) {
    throw damaged(`${tilePath(tile)} is missing or too short`);
  }
  return bytes;
}

function fileBytes(log: string, tile: Tile): Uint8Array | undefined {
  try {
    return readFileSync(join(log, tilePath(tile)));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function damaged(message: string): LogStoreError {
  return new LogStoreError('STORE_DAMAGED', `the published log: ${message}`);
}
