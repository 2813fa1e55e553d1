#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { LogStoreError } from '../src/base/errors.js';
import { mb, rb } from './bucket.js';
import { compact } from './compact.js';
import { exitCodes, failureOf } from './exit-code.js';
import { get } from './get.js';
import { health } from './health.js';
import { addKeys } from './key-commands.js';
import { addLedger } from './ledger-commands.js';
import { lockTime } from './lock-time.js';
import { ls } from './ls.js';
import { directoryOf, openTarget, type TargetArguments } from './open-target.js';
import { isReaderGone } from './output.js';
import { addCheckProof, addWitness } from './proof-commands.js';
import { put } from './put.js';
import { repair } from './repair.js';
import { replay } from './replay.js';
import { rm } from './rm.js';
import { scrub } from './scrub.js';
import { serve } from './serve.js';
import { addServeOptions, serveConfig } from './serve-options.js';
import { stat } from './stat.js';
import { clientCommand, exampleText, subCommand } from './store-command.js';
import { type Address, parseAddress, type Target } from './target.js';
import { addPolicies, addUsers } from './user-commands.js';
import { verify } from './verify.js';

interface ClientOptions extends TargetArguments {
  readonly json: boolean;
}

const program = new Command('logstore')
  .description('An S3-compatible object store in one directory: nothing acknowledged is lost.')
  .version(version())
  .configureHelp({ sortSubcommands: false, helpWidth: 100 })
  .exitOverride()
  .addHelpText(
    'after',
    `
Exit codes: 0 well, 1 usage, 2 damage found, 3 store busy, 4 input/output, network or not found.

Examples:
  logstore serve --dir /srv/store                      serve it at http://127.0.0.1:9000
  logstore put --create-bucket photos/cat.jpg cat.jpg  into a stopped store
  logstore ls photos --endpoint http://127.0.0.1:9000  of a running one
  logstore verify --dir /srv/store                     check every byte, change none`,
  );

addServeOptions(command('serve', 'serve the S3 API until SIGTERM or SIGINT'))
  .addHelpText(
    'after',
    `
Each setting may come by its flag, by the variable named beside it, or by its name in a JSON file
('{"port": 9000, "segment-size": "128MiB"}'); flags go first, then variables, then the file.
LOGSTORE_ACCESS_KEY and LOGSTORE_SECRET_KEY give the key pair; they have no flags.

Examples:
  logstore serve
  logstore serve --dir /srv/store --host 0.0.0.0 --port 9000
  LOGSTORE_DIR=/srv/store logstore serve --config /etc/logstore.json`,
  )
  .action(async (flags: Record<string, string>) => serve(await serveConfig(flags, process.env)));

storeCommand('replay', 'print what each record of a store did, then the digest of its index', [
  'logstore replay --dir /srv/store',
  'logstore replay --from 1000 --to 1010 --json',
])
  .option('--from <N>', 'the first record to tell of', parseSequence)
  .option('--to <N>', 'the last one', parseSequence)
  .action(async ({ dir, from, to, json }: StoreOptions & { from?: number; to?: number }) => {
    process.exitCode = await replay({ dir: directoryOf(dir, process.env), from, to, json });
  });

storeCommand('verify', 'check every byte of a store, change none, and name what is damaged', [
  'logstore verify --dir /srv/store',
])
  .addHelpText('after', '\nEnds with 2 where it has found damage.')
  .action(async ({ dir, json }: StoreOptions) => {
    process.exitCode = await verify({ dir: directoryOf(dir, process.env), json });
  });

storeCommand('lock-time', 'tell the time by which object locks end, which no clock moves on', [
  'logstore lock-time --dir /srv/store',
])
  .option(
    '--confirm',
    "take this machine's clock for right; that it was said stays in the log",
    false,
  )
  .addHelpText(
    'after',
    `
While a store is closed this time stands still: nobody but the clock says how long that was, and a
clock that was set forward must not end a lock. So locks end later by what the store was closed.`,
  )
  .action(async ({ dir, json, confirm }: StoreOptions & { confirm: boolean }) => {
    await lockTime({ dir: directoryOf(dir, process.env), confirm, json });
  });

clientCommand(
  program,
  'scrub',
  'read all segments that have ended, heal them, and make their parity',
  ['logstore scrub --dir /srv/store', 'logstore scrub --endpoint http://127.0.0.1:9000'],
)
  .addHelpText('after', '\nEnds with 2 where something is not healthy at the end.')
  .action(async (options: ClientOptions) => {
    process.exitCode = await scrub(options);
  });

clientCommand(
  program,
  'repair',
  'write anew what parity makes good; give up commits that are lost',
  ['logstore repair --dir /srv/store', 'logstore repair --dir /srv/store --accept-loss 4711'],
)
  .option('--accept-loss <N>', 'give up this commit for good; may be repeated', parseSequences)
  .addHelpText(
    'after',
    '\nOf a segment that has lost something nothing is written. Ends with 2 while something is ' +
      'lost.\nCopy the directory aside first.',
  )
  .action(async ({ acceptLoss, ...options }: ClientOptions & { acceptLoss?: number[] }) => {
    process.exitCode = await repair({ ...options, accepted: acceptLoss ?? [] });
  });

clientCommand(
  program,
  'health',
  'say how each segment and object fares, and what to do; change nothing',
  ['logstore health --dir /srv/store', 'logstore health --json --endpoint http://127.0.0.1:9000'],
)
  .addHelpText(
    'after',
    `
Healthy        all is as it was written
Degraded       all data is whole; a footer, a header or parity is damaged
Recoverable    data is damaged, and parity has it: reads are right, \`logstore repair\` heals it
Unrecoverable  more is damaged than parity makes good: the objects in it are named
Ends with 2 unless all are healthy.`,
  )
  .action(async (options: ClientOptions) => {
    process.exitCode = await health(options);
  });

addUsers(program);
addPolicies(program);
addLedger(program);
addKeys(program);
addCheckProof(command('check-proof', 'check a proof offline, and say what it proves'));
addWitness(command('witness', "sign the checkpoints of others' logs, as long as they only grow"));

clientCommand(
  program,
  'compact',
  'give back the space of what was overwritten, removed or expired',
  [
    'logstore compact --dir /srv/store --dry-run',
    'logstore compact --all --endpoint http://127.0.0.1:9000',
  ],
)
  .option('--dry-run', 'only say what would be done', false)
  .option('--all', 'rewrite whatever has anything dead in it', false)
  .action((options: ClientOptions & CompactFlags) => compact(options));

clientCommand(program, 'put', 'store a file, or standard input', [
  'logstore put --create-bucket photos/cat.jpg cat.jpg',
  'tar c /etc | logstore put backups/etc.tar - --endpoint http://127.0.0.1:9000',
])
  .argument('<BUCKET/KEY>', 'the object', parseAddress)
  .argument('<FILE>', "'-' is standard input")
  .option(
    '--create-bucket',
    'make the bucket (and, with --dir, the store) when it is missing',
    false,
  )
  .option('--content-type <TYPE>', 'kept and given back with the object')
  .action((address: Address, file: string, options: ClientOptions & PutFlags) => {
    const { createBucket, contentType, json } = options;
    return withTarget(options, createBucket, (target) =>
      put(target, { address, file, contentType, createBucket, json }),
    );
  });

clientCommand(program, 'get', 'fetch an object into a file, or to standard output', [
  'logstore get photos/cat.jpg cat.jpg',
  'logstore get backups/etc.tar | tar t',
])
  .argument('<BUCKET/KEY>', 'the object', parseAddress)
  .argument('[FILE]', "has its name only once it is whole; '-' is standard output", '-')
  .action((address: Address, file: string, options: ClientOptions) =>
    withTarget(options, false, (target) => get(target, { address, file, json: options.json })),
  );

clientCommand(program, 'ls', 'list buckets, or what is in one', [
  'logstore ls',
  'logstore ls photos/2026/',
  'logstore ls photos --recursive --json',
])
  .argument('[BUCKET[/PREFIX]]')
  .option('-r, --recursive', "every key, instead of folding them at '/'", false)
  .action((address: string | undefined, options: ClientOptions & { recursive: boolean }) => {
    const { recursive, json } = options;
    return withTarget(options, false, (target) => ls(target, { address, recursive, json }));
  });

clientCommand(program, 'rm', 'remove objects', ['logstore rm photos/cat.jpg photos/dog.jpg'])
  .argument('<BUCKET/KEY...>', 'the objects', parseAddresses)
  .action((addresses: Address[], options: ClientOptions) =>
    withTarget(options, false, (target) => rm(target, { addresses, json: options.json })),
  );

clientCommand(program, 'stat', 'show what is known of an object', [
  'logstore stat photos/cat.jpg --json',
])
  .argument('<BUCKET/KEY>', 'the object', parseAddress)
  .action((address: Address, options: ClientOptions) =>
    withTarget(options, false, (target) => stat(target, { address, json: options.json })),
  );

clientCommand(program, 'mb', 'make a bucket (and, with --dir, the store)', ['logstore mb photos'])
  .argument('<BUCKET>')
  .action((bucket: string, options: ClientOptions) =>
    withTarget(options, true, (target) => mb(target, { bucket, json: options.json })),
  );

clientCommand(program, 'rb', 'remove an empty bucket', ['logstore rb photos'])
  .argument('<BUCKET>')
  .action((bucket: string, options: ClientOptions) =>
    withTarget(options, false, (target) => rb(target, { bucket, json: options.json })),
  );

interface StoreOptions {
  readonly dir?: string;
  readonly json: boolean;
}

interface CompactFlags {
  readonly dryRun: boolean;
  readonly all: boolean;
}

interface PutFlags {
  readonly createBucket: boolean;
  readonly contentType?: string;
}

/** All are read before the first is removed: a typing error removes nothing. */
function parseAddresses(text: string, before: readonly Address[] = []): readonly Address[] {
  return [...before, parseAddress(text)];
}

function command(name: string, description: string): Command {
  return subCommand(program, name, description);
}

function storeCommand(name: string, description: string, examples: readonly string[]): Command {
  return command(name, description)
    .option('--dir <DIR>', 'of the store (LOGSTORE_DIR; default segments/data)')
    .option('--json', 'one JSON object a line', false)
    .addHelpText('after', exampleText(examples));
}

function parseSequences(text: string, before: readonly number[] = []): readonly number[] {
  return [...before, parseSequence(text)];
}

function parseSequence(text: string): number {
  if (/^[1-9]\d{0,15}$/.test(text)) return Number(text);
  throw new LogStoreError('INVALID_ARGUMENT', `'${text}' is no record's number: they begin at 1`);
}

async function withTarget(
  options: ClientOptions,
  create: boolean,
  action: (target: Target) => Promise<void>,
): Promise<void> {
  await using target = await openTarget(options, { create });
  await action(target);
}

function version(): string {
  const path = new URL('../../package.json', import.meta.url);
  const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
  if (typeof parsed === 'object' && parsed !== null && 'version' in parsed)
    return String(parsed.version);
  return 'unknown';
}

/** Says what went wrong, and ends with the code that belongs to it. */
function fail(error: unknown): void {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode; // it has said so itself
    return;
  }
  const failure = failureOf(error);
  process.exitCode = failure?.exitCode ?? exitCodes.failed;
  if (isReaderGone(error)) return;
  if (failure === undefined) console.error(error);
  else if (process.argv.includes('--json')) {
    const { code, message } = failure;
    console.error(JSON.stringify({ error: { code, message } }));
  } else console.error(`logstore: ${failure.message}`);
}

await program.parseAsync().catch(fail);
