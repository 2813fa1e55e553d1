import type { Command } from 'commander';
import { LogStoreError } from '../src/base/errors.js';
import { ledgerDiff } from './ledger-diff.js';
import { ledgerExport } from './ledger-export.js';
import { ledgerLog, ledgerShow } from './ledger-log.js';
import type { LedgerArguments } from './ledger-place.js';
import { ledgerPrune } from './ledger-prune.js';
import { ledgerRecover } from './ledger-recover.js';
import { ledgerRotate } from './ledger-rotate.js';
import { ledgerVerify } from './ledger-verify.js';
import { ledgerKeys, prove } from './prove.js';
import { type CommandText, clientCommand, stoppedCommand, subCommand } from './store-command.js';
import { parseAddress } from './target.js';
import { type PinText, parseLogKey, parsePin } from './trusted-keys.js';

interface ProveOptions extends LedgerArguments {
  readonly at?: number;
  readonly ofVersion?: number;
  readonly absent: boolean;
  readonly prefix: boolean;
  readonly written: boolean;
}

interface VerifyOptions extends LedgerArguments {
  readonly full: boolean;
  readonly key: readonly string[];
  readonly pin: readonly PinText[];
}

interface RotateOptions extends LedgerArguments {
  readonly overlap: number;
  readonly revoke?: string;
  readonly from?: number;
}

/** `logstore ledger ...` and `logstore prove`. */
export function addLedger(program: Command): void {
  const ledger = subCommand(program, 'ledger', "look at a store's ledger, check it, hand it on");
  addLooking(ledger);
  addVerify(ledger);
  addKeeping(ledger);
  addProve(program);
}

function addLooking(ledger: Command): void {
  onLedger(ledger, 'log', 'list its blocks, the newest last', ['logstore ledger log --json'])
    .option('--from <H>', 'the first height', parseHeight)
    .action(async (options: LedgerArguments & { from?: number }) => {
      await ledgerLog({ ...options, from: options.from });
    });

  onLedger(ledger, 'show', 'show a block and its changes', ['logstore ledger show 42'])
    .argument('<H>', 'its height', parseHeight)
    .action((height: number, options: LedgerArguments) => ledgerShow({ ...options, height }));

  onLedger(ledger, 'diff', 'what the store held otherwise at the second height than at the first', [
    'logstore ledger diff 40 42',
    'logstore ledger diff 40 42 --endpoint http://127.0.0.1:9000',
  ])
    .argument('<H1>', 'a height', parseHeight)
    .argument('<H2>', 'a later one', parseHeight)
    .action((from: number, to: number, options: LedgerArguments) =>
      ledgerDiff({ ...options, from, to }),
    );

  const keys = 'print its key set, with a proof: the word behind `key` is what check-proof wants';
  onLedger(ledger, 'keys', keys, ['logstore ledger keys']).action((options: LedgerArguments) =>
    ledgerKeys(options),
  );
}

function addVerify(ledger: Command): void {
  const what = 'check every block, what is published, and with --full every change and all content';
  onLedger(ledger, 'verify', what, [
    'logstore ledger verify --full',
    "logstore ledger verify --pin '812:mVb...='",
    'logstore ledger verify --full --key "$VKEY" --endpoint http://192.0.2.7:9000',
  ])
    .option('--full', 'replay every change, and hash the content of every object', false)
    .option('--key <VKEY>', 'a key of the log that is trusted; default: its own set', keys, [])
    .option('--pin <[ORIGIN:]SIZE:ROOT>', 'a checkpoint seen before; may be repeated', pins, [])
    .addHelpText(
      'after',
      `
Ends with 2, naming the first thing wrong, where it finds anything. Of a running server it checks
what is served: the content of objects is checked beside the disk, with --dir.`,
    )
    .action(async (options: VerifyOptions) => {
      const { key, pin: given } = options;
      process.exitCode = await ledgerVerify({ ...options, keys: key, pins: given });
    });
}

function addKeeping(ledger: Command): void {
  onLedger(ledger, 'rotate', 'have a new key sign, and print the new key set with its proof', [
    'logstore ledger rotate > keys.proof',
    'logstore ledger rotate --revoke 1a2b3c4d --from 812',
  ])
    .option('--overlap <N>', 'blocks that the keys before it go on signing', parseHeight, 10_000)
    .option('--revoke <ID>', 'a key that was stolen: the 8 digits in its vkey')
    .option('--from <H>', 'the first height at which it was in other hands', parseHeight)
    .addHelpText(
      'after',
      `
The new key is made in the file of the old one. Where the operator named the file, it is the one
that stands behind the others and has signed nothing yet. What is revoked signs nothing more.`,
    )
    .action(async (options: RotateOptions) => {
      const { overlap, revoke, from } = options;
      if ((revoke === undefined) !== (from === undefined))
        throw new LogStoreError('INVALID_ARGUMENT', '--revoke ID and --from H go together');
      const stolen = revoke === undefined ? undefined : { id: revoke, from: from ?? 0 };
      await ledgerRotate(options, { overlap, revoke: stolen });
    });

  onStopped(ledger, 'recover', 'begin a new log where the old one cannot go on', [
    'logstore ledger recover --new-epoch',
  ])
    .requiredOption('--new-epoch', 'under another name, after the last checkpoint that is known')
    .addHelpText(
      'after',
      `
For a restored backup, a lost key, a lost high-water mark, a damaged ledger. Whoever pinned the old
log sees the break; the old log's files stay where they are.`,
    )
    .action((options: LedgerArguments) => ledgerRecover(options));

  onStopped(ledger, 'prune', 'drop the change records of old blocks, but for what is still there', [
    'logstore ledger prune --before 100000',
  ])
    .requiredOption('--before <H>', 'the first block that keeps its changes', parseHeight)
    .addHelpText(
      'after',
      `
Blocks stay, and whatever the store holds stays provable. What was written before and is gone is
proved no more; audits start from the map of the block before H, which its signature covers.`,
    )
    .action((options: LedgerArguments & { before: number }) => ledgerPrune(options));

  onLedger(ledger, 'export', 'write what it publishes into a directory, to keep or to serve', [
    'logstore ledger export /mnt/elsewhere/ledger',
  ])
    .argument('<DIR>', 'made if it is missing; a later export into it adds what is new')
    .addHelpText('after', '\nEnds with 2 where the copy there is of another history.')
    .action((to: string, options: LedgerArguments) => ledgerExport({ ...options, to }));
}

function addProve(program: Command): void {
  onLedger(
    program,
    'prove',
    'write a proof of an object, or that there is none, to standard output',
    ['logstore prove photos/cat.jpg > cat.proof && logstore check-proof cat.proof --key VKEY'],
  )
    .argument('<BUCKET/KEY>', "the object; with --prefix a bucket and a prefix, or 'BUCKET/'")
    .option('--at <H>', 'in the block of this height, one of the last 64', parseHeight)
    .option('--of-version <V>', 'of this version, not of the newest', parseHeight)
    .option('--absent', 'that there is no such key, or with --prefix none', false)
    .option('--prefix', 'all that there is with this prefix', false)
    .option('--written', 'that it was written in its block', false)
    .action(async (name: string, options: ProveOptions) => {
      const { at, ofVersion } = options;
      const address = options.prefix ? parsePrefix(name) : parseAddress(name);
      await prove({ ...options, address, at, ofVersion });
    });
}

/** Of a stopped store. */
function onStopped(...text: CommandText): Command {
  return withLedgerFiles(stoppedCommand(...text));
}

/** Of a stopped store, or of a running one. */
function onLedger(...text: CommandText): Command {
  return withLedgerFiles(clientCommand(...text));
}

function withLedgerFiles(command: Command): Command {
  return command
    .option('--key-file <FILE>', 'its ledger key, where the server was given one')
    .option('--high-water <FILE>', 'its high-water mark, where the server was given one');
}

function parsePrefix(name: string) {
  const slash = name.indexOf('/');
  if (slash < 0) return { bucket: name, key: '' };
  return { bucket: name.slice(0, slash), key: name.slice(slash + 1) };
}

function parseHeight(text: string): number {
  if (/^(0|[1-9]\d{0,15})$/.test(text)) return Number(text);
  throw new LogStoreError('INVALID_ARGUMENT', `'${text}' is no number: they count from 0`);
}

function keys(text: string, before: readonly string[]): readonly string[] {
  parseLogKey(text);
  return [...before, text];
}

function pins(text: string, before: readonly PinText[]): readonly PinText[] {
  return [...before, parsePin(text)];
}
