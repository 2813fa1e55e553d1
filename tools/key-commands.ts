import type { Command } from 'commander';
import { LogStoreError } from '../src/base/errors.js';
import { nodeHost } from '../src/host/node-host.js';
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
}: KeyOptions): Promise<{ ring: StoreKeys; path: string }> {
  const named = encryptionKeyFile ?? process.env.LOGSTORE_ENCRYPTION_KEY_FILE;
  const directory = directoryOf(dir, process.env);
  const path = storeKeysPath(directory, named === '' ? undefined : named);
  return { ring: await openStoreKeys(path, nodeHost(directory).random), path };
}

async function tell({ json }: KeyOptions, path: string, ring: StoreKeys): Promise<void> {
  const ids = ring.ids();
  if (!json && ids.length === 0) {
    throw new LogStoreError('NO_STORE_KEY', `there are no keys in '${path}'`);
  }
  await printResult(json, { file: path, ids }, ids.join('\n'));
}
