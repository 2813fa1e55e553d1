import type { Command } from 'commander';
import { LogStoreError } from '../src/base/errors.js';
import { checkProof } from './check-proof.js';
import { type PinText, parseLogKey, parsePin, parseWitnessKey } from './trusted-keys.js';

interface CheckProofFlags {
  readonly key: readonly string[];
  readonly keySet?: string;
  readonly pin: readonly PinText[];
  readonly witness: readonly string[];
  readonly witnesses?: number;
  readonly json: boolean;
}

/** The command that needs no store: whoever is shown a proof has only the proof. */
export function addCheckProof(command: Command): void {
  command
    .argument('<FILE>', "the proof; '-' is standard input")
    .option('--key <VKEY>', 'a key of the log that is trusted; may be repeated', logKeys, [])
    .option('--key-set <FILE>', 'a proof of its key set: once it holds, these keys count instead')
    .option('--pin <[ORIGIN:]SIZE:ROOT>', 'a checkpoint seen before; may be repeated', pins, [])
    .option('--witness <VKEY>', 'a witness that is trusted; may be repeated', witnessKeys, [])
    .option('--witnesses <N>', 'so many of them must have signed; default: all', parseCount)
    .option('--json', 'one JSON object', false)
    .addHelpText(
      'after',
      `
Ends with 0 where the proof holds, with 2 where it does not. No network and no store is used.

Examples:
  logstore check-proof cat.proof --key "$VKEY"
  logstore check-proof - --key "$VKEY" --pin 812:mVb...= --witness "$WITNESS" --json < cat.proof`,
    )
    .action(async (file: string, flags: CheckProofFlags) => {
      const { key: keys, pin, witness: witnesses, keySet: keySetFile, json } = flags;
      if (keys.length === 0 && !pin.some(({ origin }) => origin !== undefined)) {
        throw usage('whom is there to trust? Give --key VKEY or --pin ORIGIN:SIZE:ROOT');
      }
      const witnessesNeeded = flags.witnesses ?? new Set(witnesses).size;
      const given = { file, keys, pins: pin, witnesses, witnessesNeeded, keySetFile, json };
      process.exitCode = await checkProof(given);
    });
}

function logKeys(text: string, before: readonly string[]): readonly string[] {
  parseLogKey(text);
  return [...before, text];
}

function witnessKeys(text: string, before: readonly string[]): readonly string[] {
  parseWitnessKey(text);
  return [...before, text];
}

function pins(text: string, before: readonly PinText[]): readonly PinText[] {
  return [...before, parsePin(text)];
}

function parseCount(text: string): number {
  if (/^\d{1,3}$/.test(text)) return Number(text);
  throw usage(`'${text}' is no number of witnesses`);
}

function usage(message: string): LogStoreError {
  return new LogStoreError('INVALID_ARGUMENT', message);
}
