import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errnoOf, LogStoreError } from '../src/base/errors.js';
import { NotProven } from '../src/base/not-proven.js';
import { nodeSha256 } from '../src/ledger/node-hash.js';
import { tilePath, tilesBetween, tileWidth } from '../src/ledger/tiles.js';
import { rootAt } from '../src/merkle/growing-tree.js';
import { equalHashes } from '../src/merkle/rfc6962.js';
import { LedgerEndpoint } from './ledger-endpoint.js';
import { type LedgerArguments, ledgerOf, openLedgerStore } from './ledger-place.js';
import { endpointOf } from './open-target.js';
import { printResult } from './output.js';
import { Progress } from './progress.js';
import { type FileOf, PublishedLog } from './published-log.js';

/**
 * Writes what a ledger publishes into a directory, to be served or kept elsewhere: a later export
 * into it goes on only from what is there.
 * @throws LogStoreError `STORE_DAMAGED` where the ledger has another history than the copy
 */
export async function ledgerExport(args: LedgerArguments & { readonly to: string }): Promise<void> {
  const endpoint = await endpointOf(args, process.env, 'if-possible');
  if (endpoint !== undefined) {
    await using ledger = new LedgerEndpoint(endpoint);
    return await exportFrom(ledger.file, args);
  }
  await using store = await openLedgerStore(args);
  const ledger = ledgerOf(store);
  await ledger.seal();
  const keys = () => ledger.keys().then((text) => Buffer.from(text));
  await exportFrom(async (path) => (path === 'keys' ? keys() : ledger.published(path)), args);
}

async function exportFrom(fileOf: FileOf, { to, json }: LedgerArguments & { to: string }) {
  const log = await PublishedLog.open(fileOf);
  const { origin, size } = log.checkpoint;
  const before = readThere(to, 'checkpoint');
  const older = before === undefined ? undefined : await PublishedLog.open(async () => before);
  const sizeBefore = older?.checkpoint.size ?? 0;
  if (older !== undefined && (older.checkpoint.origin !== origin || sizeBefore > size))
    throw otherHistory(to, `it has ${sizeBefore} blocks of ${older.checkpoint.origin}`);
  using progress = new Progress({ label: 'ledger export', unit: 'blocks' });
  const hashAt = await log.check(
    () => undefined,
    (done, total) => progress.at(done, total),
  );
  const rootThen = rootAt(nodeSha256, hashAt, sizeBefore);
  if (older !== undefined && !equalHashes(rootThen, older.checkpoint.root))
    throw otherHistory(to, `another root of ${sizeBefore} blocks`);
  for (const tile of tilesBetween(0, size)) {
    const path = tilePath(tile);
    const isKept = tile.width === tileWidth && readThere(to, path) !== undefined;
    if (!isKept) writeThere(to, path, await log.tile(tile));
  }
  const keys = await fileOf('keys');
  if (keys !== undefined) writeThere(to, 'key-set', keys);
  const own = await fileOf('checkpoint.log');
  if (own !== undefined) writeThere(to, 'checkpoint.log', own);
  writeThere(to, 'checkpoint', Buffer.from(log.note)); // last: what it covers is there
  progress[Symbol.dispose]();
  const result = { origin, blocks: size, blocksBefore: sizeBefore, directory: to };
  await printResult(json, result, `${size} blocks of ${origin}, ${size - sizeBefore} of them new`);
}

function readThere(folder: string, path: string): Uint8Array | undefined {
  try {
    return readFileSync(join(folder, path));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function writeThere(folder: string, path: string, bytes: Uint8Array): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.tmp`, bytes, { flush: true });
  renameSync(`${file}.tmp`, file);
}

function otherHistory(folder: string, what: string): LogStoreError {
  const cause = new NotProven('consistency', what);
  const message = `the copy in '${folder}' is of another history of the ledger: ${what}`;
  return new LogStoreError('STORE_DAMAGED', message, { cause });
}
