import type { Check } from '../src/base/not-proven.js';
import type { KeySet } from '../src/ledger/keys.js';
import {
  type ProvenBlock,
  type ProvenObject,
  type Trust,
  type Verdict,
  verifyKeySet,
  verifyObjectProof,
} from '../src/ledger/verify.js';
import { type ExitCode, exitCodes } from './exit-code.js';
import { bodyOf } from './local-file.js';
import { print } from './output.js';
import { type Fact, keyFacts, objectFacts, type Shown } from './proof-facts.js';
import { type PinText, pinnedBy } from './trusted-keys.js';

const proofBytesMax = 256 * 1024 ** 2; // a listing takes a line for each object

export interface CheckProofArguments {
  /** `-` is standard input. */
  readonly file: string;
  readonly keys: readonly string[];
  readonly pins: readonly PinText[];
  readonly witnesses: readonly string[];
  readonly witnessesNeeded: number;
  /**
   * Proofs of key sets, the oldest first: once one holds, its keys count instead, each by its
   * heights.
   */
  readonly keySetFiles: readonly string[];
  readonly json: boolean;
}

type Outcome =
  | { readonly isProven: true; readonly shown: Shown }
  | { readonly isProven: false; readonly check: Check; readonly reason: string };

/**
 * Says what a proof proves, of an object or of a key set, or which check failed. Needs neither a
 * store nor a server.
 * @returns 2 where it does not hold
 */
export async function checkProof(args: CheckProofArguments): Promise<ExitCode> {
  const { keys, witnesses, witnessesNeeded, json } = args;
  const trust = { keys, witnesses, witnessesNeeded, pins: pinnedBy(args.pins, keys) };
  const outcome = await outcomeOf(args, trust);
  await print(json ? jsonOf(outcome) : textOf(outcome));
  return outcome.isProven ? exitCodes.well : exitCodes.damage;
}

async function outcomeOf(args: CheckProofArguments, trust: Trust): Promise<Outcome> {
  let known = trust;
  for (const file of args.keySetFiles) {
    const handed = await readProof(file);
    const verdict = handed === undefined ? notText : verifyKeySet(handed, known);
    if (!verdict.isProven) return { ...verdict, reason: `${file}: ${verdict.reason}` };
    known = { ...trust, keySet: verdict.proven.keys };
  }
  const text = await readProof(args.file);
  if (text === undefined) return notText;
  if (text.startsWith('keys/v1\n')) return outcomeBy(verifyKeySet(text, known), keyFacts);
  return outcomeBy(verifyObjectProof(text, known), objectFacts);
}

const notText = { isProven: false, check: 'form', reason: 'the proof is not UTF-8 text' } as const;

function outcomeBy<T extends ProvenObject | (ProvenBlock & { keys: KeySet })>(
  verdict: Verdict<T>,
  facts: (proven: T) => Shown,
): Outcome {
  return verdict.isProven ? { isProven: true, shown: facts(verdict.proven) } : verdict;
}

/** Undefined for what is not UTF-8, or is too large to be a proof. */
async function readProof(path: string): Promise<string | undefined> {
  const { body } = await bodyOf(path);
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes > proofBytesMax) return undefined;
  }
  try {
    // A byte order mark is a byte that does not belong there, and not to be dropped in silence.
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return decoder.decode(Buffer.concat(chunks));
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function textOf(outcome: Outcome): string {
  if (!outcome.isProven) return `not proven: ${outcome.check}: ${outcome.reason}\n`;
  const { claim, facts } = outcome.shown;
  const lines = facts.map(({ name, text }: Fact) => `  ${name.padEnd(11)} ${text}\n`);
  return `proven: ${claim}\n${lines.join('')}`;
}

function jsonOf(outcome: Outcome): string {
  if (!outcome.isProven) {
    const { check, reason } = outcome;
    return `${JSON.stringify({ proven: false, check, reason })}\n`;
  }
  return `${JSON.stringify({ proven: true, ...outcome.shown.values })}\n`;
}
