import { LogStoreError } from '../base/errors.js';
import { limits } from '../base/limits.js';
import { bucketPrefix } from '../format/key-encoding.js';
import type { AccessKind, Mutation } from '../format/mutation.js';
import type { Catalog } from './catalog.js';
import type { PendingCommit } from './pending.js';
import { type AccessDocument, accessId } from './state.js';

/** The subject of a commit that sets one (SPEC.md §3.3); no bucket has this name. */
const subjectPrefix = bucketPrefix('');
const namePattern = /^[\w+=,.@-]{1,128}$/;

/**
 * All documents of a kind, by name.
 * @throws LogStoreError `UNCERTAIN` where a damaged commit may have changed any
 */
export function accessDocuments(catalog: Catalog, kind: AccessKind): AccessDocument[] {
  if (catalog.lost.any) catalog.lost.check(subjectPrefix, 0);
  const all = [...catalog.state.access.values()].filter((document) => document.kind === kind);
  return all.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Admission of a document; null removes it.
 * @returns nothing where it is so already
 * @throws LogStoreError `INVALID_ARGUMENT`, `UNCERTAIN`
 */
export function admitAccess(
  catalog: Catalog,
  kind: AccessKind,
  name: string,
  value: string | null,
): Mutation | PendingCommit | undefined {
  if (!namePattern.test(name)) {
    throw new LogStoreError('INVALID_ARGUMENT', 'a name is 1 to 128 of A-Z a-z 0-9 + = , . @ _ -');
  }
  const valueBytesMax = limits.accessDocumentBytesMax;
  if (value !== null && (value.length === 0 || Buffer.byteLength(value) > valueBytesMax)) {
    throw new LogStoreError('INVALID_ARGUMENT', `a ${kind} takes 1 to ${valueBytesMax} bytes`);
  }
  const pending = catalog.pending.ofAccess(kind, name);
  if (pending !== undefined) return pending;
  if (catalog.lost.any) catalog.lost.check(subjectPrefix, 0);
  const had = catalog.state.access.get(accessId(kind, name));
  if ((had?.value ?? null) === value) return undefined;
  const ends = had === undefined ? [] : [had.sequence, had.mutation, had.version];
  return { is: 'setAccess', kind, name, value, ends };
}
