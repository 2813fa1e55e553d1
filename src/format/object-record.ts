import * as form from './text-lines.js';

/**
 * SPEC.md, Object record: what the ledger says of one version of an object. Buckets and their
 * configurations have such records too, under the bucket name '' (SPEC.md, Object map). Either
 * `sha256` or `parts` has one value: the hash of a body that came in one piece, or the number of
 * parts and the RFC 6962 root over their sizes and hashes.
 */
export const objectRecord = form.lineFormat('object/v1', {
  /** A marker says that its key is deleted. */
  kind: form.oneOf('object', 'marker', 'bucket', 'configuration'),
  size: form.count,
  sha256: form.many(form.digest),
  parts: form.many(form.tuple(form.count, form.digest)),
  chunks: form.orNone(form.digest),
  headers: form.digest,
  time: form.count,
  expires: form.orNone(form.count),
  state: form.orNone(form.digest),
  before: form.orNone(form.digest),
  salt: form.bytes(16),
});
export type ObjectFacts = ReturnType<typeof objectRecord.decode>;

/**
 * What stands in the map for a version whose tags or lock were changed, in its first record's
 * place. It names that one by its hash: a proof shows both.
 */
export const objectState = form.lineFormat('object-state/v1', {
  record: form.digest,
  time: form.count,
  state: form.orNone(form.digest),
  before: form.digest,
});
export type StateFacts = ReturnType<typeof objectState.decode>;
