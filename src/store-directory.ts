import { errnoOf, LogStoreError } from './base/errors.js';
import type { Disk } from './base/host.js';

/** Either copy of the manifest marks a directory as a store (SPEC.md §2). */
const markers = new Set(['manifest.a', 'manifest.b']);

/** What may lie about where no store is yet: leftovers of a first start, and of file systems. */
const leftovers = new Set([
  ...['lock', 'log', 'credentials.json', 'ledger', 'ledger-key.pem', 'lost+found'],
]);

/**
 * Whether a store is in the directory, or may be made there.
 * @throws LogStoreError `NOT_A_STORE` for a directory with other things in it: a mistyped path, or
 *   the place of a volume that is not mounted, must not turn into a new store
 */
export async function storeDirectory(disk: Disk, shown: string): Promise<'store' | 'new'> {
  const names = await listIfThere(disk);
  if (names.some((name) => markers.has(name))) return 'store';
  const strange = names.find((name) => !leftovers.has(name) && !name.endsWith('.tmp'));
  if (strange === undefined) return 'new';
  throw new LogStoreError(
    'NOT_A_STORE',
    `'${shown}' is no store (it has no manifest) and holds other things ('${strange}'): ` +
      'name an empty directory, or one that does not exist yet',
  );
}

/** @throws LogStoreError `NOT_A_STORE` unless a store is there */
export async function requireStore(disk: Disk, shown: string): Promise<void> {
  if ((await storeDirectory(disk, shown)) === 'store') return;
  throw new LogStoreError('NOT_A_STORE', `there is no store in '${shown}'`);
}

async function listIfThere(disk: Disk): Promise<string[]> {
  try {
    return await disk.list('');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
