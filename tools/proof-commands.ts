import type { Command } from 'commander';
import { LogStoreError } from '../src/base/errors.js';
import { askWitness } from './ask-witness.js';
import { checkProof } from './check-proof.js';
import { type PinText, parseLogKey, parsePin, parseWitnessKey } from './trusted-keys.js';
import { serveWitness } from './witness.js';

interface CheckProofFlags {
  readonly key: readonly string[];
  readonly keySet: readonly string[];
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
    .option(
      '--key-set <FILE>',
      'a proof of its key set: then its keys count instead; of several the oldest first',
      files,
      [],
    )
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
      const { key: keys, pin, witness: witnesses, keySet: keySetFiles, json } = flags;
      if (keys.length === 0 && !pin.some(({ origin }) => origin !== undefined)) {
        throw usage('whom is there to trust? Give --key VKEY or --pin ORIGIN:SIZE:ROOT');
      }
      const witnessesNeeded = flags.witnesses ?? new Set(witnesses).size;
      const given = { file, keys, pins: pin, witnesses, witnessesNeeded, keySetFiles, json };
      process.exitCode = await checkProof(given);
    });
}

interface ServeFlags {
  readonly dir: string;
  readonly name?: string;
  readonly log: readonly string[];
  readonly host: string;
  readonly port: number;
}

/** Two installations run one each, and watch one another. */
export function addWitness(command: Command): void {
  command
    .command('serve', { isDefault: true })
    .description('serve add-checkpoint until SIGTERM or SIGINT')
    .requiredOption(
      '--dir <DIR>',
      'its key, what it saw of each log, and evidence; made if missing',
    )
    .option('--name <NAME>', 'of the witness, at its first start: example.com/w1')
    .option('--log <VKEY>', 'a key of a log to watch; may be repeated', logKeys, [])
    .option('--host <HOST>', 'the address to listen on', '127.0.0.1')
    .option('--port <PORT>', 'the port to listen on; 0 takes a free one', parsePort, 9001)
    .addHelpText(
      'after',
      `
Example:
  logstore witness serve --dir /srv/witness --name example.com/w1 --log "$VKEY"`,
    )
    .action(async ({ dir, name, log: logs, host, port }: ServeFlags) => {
      if (logs.length === 0) throw usage('which logs are to be watched? Give --log VKEY');
      await serveWitness({ dir, name, logs, host, port });
    });
  command
    .command('ask')
    .description("bring a published log's checkpoint to a witness, and print it cosigned")
    .argument('<DIR>', "the log's published files: checkpoint and tile/")
    .option('--key <VKEY>', 'a key of the log; may be repeated', logKeys, [])
    .requiredOption('--witness <VKEY>', 'the key of the witness', witnessKey)
    .requiredOption('--url <URL>', 'where it is served')
    .addHelpText(
      'after',
      `
Ends with 2 where the witness was shown another history of this log before.

Example:
  logstore witness ask published/ --key "$VKEY" --witness "$WITNESS" --url http://192.0.2.7:9001`,
    )
    .action(async (log: string, flags: { key: string[]; witness: string; url: string }) => {
      const { key: keys, witness, url } = flags;
      if (keys.length === 0) throw usage('whose log is it? Give --key VKEY');
      if (!URL.canParse(url)) throw usage(`'${url}' is no URL`);
      process.exitCode = await askWitness({ log, keys, witness, url });
    });
}

function witnessKey(text: string): string {
  parseWitnessKey(text);
  return text;
}

function parsePort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text);
  throw usage(`'${text}' is no port`);
}

function logKeys(text: string, before: readonly string[]): readonly string[] {
  parseLogKey(text);
  return [...before, text];
}

function witnessKeys(text: string, before: readonly string[]): readonly string[] {
  parseWitnessKey(text);
  return [...before, text];
}

function files(text: string, before: readonly string[]): readonly string[] {
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
