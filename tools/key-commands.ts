import type { Command } from 'commander';
import { LogStoreError } from '../src/base/errors.js';
import { nodeHost } from '../src/host/node-host.js';
import { openStore } from '../src/open-store.js';
import { retireKeys } from '../src/retire-keys.js';
import { openStoreKeys, type StoreKeys, storeKeysPath } from '../src/store-keys.js';
import { directoryOf } from './open-target.js';
import { printResult } from './output.js';
import { subCommand } from './store-command.js';

interface KeyOptions {
  readonly dir?: string;
  readonly encryptionKeyFile?: string;
  readonly json: boolean;
}

/** `logstore keys ...`: the keys of what the store encrypts itself (SPEC.md §15.4). */
export function addKeys(program: Command): void {
  const does = 'the keys that the store encrypts objects with (SSE-S3)';
  const keys = subCommand(program, 'keys', does);

  onKeys(keys, 'list', 'print the ids of its keys, the one that is written with last')
    .addHelpText('after', '\nExample:\n  logstore keys list --dir /srv/store')
    .action(async (options: KeyOptions) => {
      const { ring, path } = await open(options);
      await tell(options, path, ring);
    });

  onKeys(keys, 'rotate', 'add a key; what is written from then on is under it')
    .addHelpText(
      'after',
      `
What was written before stays under the key that it has, so older keys stay in the file: keep a copy
of it, apart from the store. A server that runs takes the new key within a second.

Example:
  logstore keys rotate --dir /srv/store`,
    )
    .action(async (options: KeyOptions) => {
      const { ring, path } = await open(options);
      await ring.rotate();
      await tell(options, path, ring);
    });

  onKeys(keys, 'retire', 'leave the newest key alone in the file; the log keeps the others')
    .addHelpText(
      'after',
      `
Of a stopped store. The log keeps the older keys, encrypted under the newest one, so all that they
opened opens on. The file as it was stays beside it: it belongs to backups from before. Who has an
old key and the log can still read what was written under it; against that only writing it anew
helps.

Example:
  logstore keys retire --dir /srv/store`,
    )
    .action(retire);
}

async function retire(options: KeyOptions): Promise<void> {
  const { ring, dir, path } = await open(options);
  const opened = { dir, create: false, compaction: 'manual', parity: 'off' } as const;
  await using store = await openStore({ ...opened, scrubPeriodMs: 0, encryptionKeyFile: path });
  const { ids, before } = await retireKeys(store, ring, nodeHost(dir).random);
  const [current = ''] = ring.ids();
  const text =
    before === undefined
      ? `${path} holds ${current} alone already`
      : `${ids.length} in the log under ${current}, which is alone in ${path}; before: ${before}`;
  await printResult(options.json, { file: path, current, kept: ids, before }, text);
}

function onKeys(keys: Command, name: string, description: string): Command {
  return subCommand(keys, name, description)
    .option('--dir <DIR>', 'the directory of the store (LOGSTORE_DIR)')
    .option('--encryption-key-file <FILE>', 'if not DIR-keys.json (LOGSTORE_ENCRYPTION_KEY_FILE)')
    .option('--json', 'print one JSON object', false);
}

async function open({
  dir,
  encryptionKeyFile,
}: KeyOptions): Promise<{ ring: StoreKeys; dir: string; path: string }> {
  const named = encryptionKeyFile ?? process.env.LOGSTORE_ENCRYPTION_KEY_FILE;
  const directory = directoryOf(dir, process.env);
  const path = storeKeysPath(directory, named === '' ? undefined : named);
  const ring = await openStoreKeys(path, nodeHost(directory).random);
  return { ring, dir: directory, path };
}

async function tell({ json }: KeyOptions, path: string, ring: StoreKeys): Promise<void> {
  const ids = ring.ids();
  if (!json && ids.length === 0) {
    throw new LogStoreError('NO_STORE_KEY', `there are no keys in '${path}'`);
  }
  await printResult(json, { file: path, ids }, ids.join('\n'));
}
