import * as form from './text-lines.js';

/** A version in the map, and the hash of its record. */
const versionInMap = form.tuple(form.count, form.digest);

/**
 * SPEC.md, Change record: what one mutation did to the object map. It names either the `object`
 * or, `keyed`, HMAC-SHA-256 of its key prefix. `removed` and `added` are versions of that one key;
 * a change of state removes and adds the same version.
 */
export const changeRecord = form.lineFormat('change/v1', {
  version: form.count,
  time: form.count,
  object: form.many(form.objectName),
  keyed: form.many(form.digest),
  removed: form.many(versionInMap),
  added: form.many(versionInMap),
});
export type Change = ReturnType<typeof changeRecord.decode>;
