import type { Command } from 'commander';
import { LogStoreError } from '../src/base/errors.js';
import { ledgerLog, ledgerShow } from './ledger-log.js';
import { ledgerVerify } from './ledger-verify.js';
import { directoryOf } from './open-target.js';
import { ledgerKeys, prove } from './prove.js';
import { parseAddress } from './target.js';

interface StoreOptions {
  readonly dir?: string;
  readonly json: boolean;
}

interface ProveOptions extends StoreOptions {
  readonly at?: number;
  readonly absent: boolean;
  readonly prefix: boolean;
  readonly written: boolean;
}

/** `logstore ledger ...` and `logstore prove`. */
export function addLedger(program: Command): void {
  const ledger = program
    .command('ledger')
    .description("look at a store's ledger, check it, hand it on")
    .exitOverride();

  onStore(ledger, 'log', 'list its blocks, the newest last', 'logstore ledger log --json')
    .option('--from <H>', 'the first height', parseHeight)
    .action(async ({ from, ...options }: StoreOptions & { from?: number }) => {
      await ledgerLog({ ...placeOf(options), from });
    });

  onStore(ledger, 'show', 'show a block and its changes', 'logstore ledger show 42')
    .argument('<H>', 'its height', parseHeight)
    .action(async (height: number, options: StoreOptions) => {
      await ledgerShow({ ...placeOf(options), height });
    });

  onStore(
    ledger,
    'keys',
    'print its key set, with a proof of it: the word behind `key` is what check-proof wants',
    'logstore ledger keys',
  ).action(async (options: StoreOptions) => {
    await ledgerKeys(placeOf(options));
  });

  onStore(
    ledger,
    'verify',
    'check every block, what is published, and with --full every change and all content',
    'logstore ledger verify --full',
  )
    .option('--full', 'replay every change, and hash the content of every object', false)
    .option('--high-water <FILE>', 'where the store keeps it, if not in its directory')
    .addHelpText('after', '\nEnds with 2, naming the first thing wrong, where it finds anything.')
    .action(async (options: StoreOptions & { full: boolean; highWater?: string }) => {
      const { full, highWater } = options;
      process.exitCode = await ledgerVerify({ ...placeOf(options), full, highWater });
    });

  onStore(
    program,
    'prove',
    'write a proof of an object, or that there is none, to standard output',
    'logstore prove photos/cat.jpg > cat.proof && logstore check-proof cat.proof --key VKEY',
  )
    .argument('<BUCKET/KEY>', "the object; with --prefix a bucket and a prefix, or 'BUCKET/'")
    .option('--at <H>', 'in the block of this height, one of the last 64', parseHeight)
    .option('--absent', 'that there is no such key, or with --prefix none', false)
    .option('--prefix', 'all that there is with this prefix', false)
    .option('--written', 'that it was written in its block', false)
    .action(async (name: string, options: ProveOptions) => {
      const { at, absent, prefix, written } = options;
      const address = prefix ? parsePrefix(name) : parseAddress(name);
      await prove({ ...placeOf(options), address, at, absent, prefix, written });
    });
}

function onStore(parent: Command, name: string, description: string, example: string): Command {
  return parent
    .command(name)
    .description(description)
    .exitOverride()
    .option('--dir <DIR>', 'of the store (LOGSTORE_DIR; default segments/data)')
    .option('--json', 'one JSON object a line', false)
    .addHelpText('after', `\nExample:\n  ${example}`);
}

function placeOf({ dir, json }: StoreOptions) {
  return { dir: directoryOf(dir, process.env), json };
}

function parsePrefix(name: string) {
  const slash = name.indexOf('/');
  if (slash < 0) return { bucket: name, key: '' };
  return { bucket: name.slice(0, slash), key: name.slice(slash + 1) };
}

function parseHeight(text: string): number {
  if (/^(0|[1-9]\d{0,15})$/.test(text)) return Number(text);
  throw new LogStoreError('INVALID_ARGUMENT', `'${text}' is no height: blocks count from 0`);
}
