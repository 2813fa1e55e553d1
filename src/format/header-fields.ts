import { list, textOrNull } from './fields.js';
import type { MsgpackValue } from './msgpack.js';
import { type HeaderFields, headerCountMax, noHeaders } from './mutation.js';

/**
 * The field `headers` of an object or upload (SPEC.md §4).
 * @throws LogStoreError `RECORD_CORRUPT`
 */
export function headerFields(value: MsgpackValue | undefined): HeaderFields {
  const all = list(value);
  const fields: (string | null)[] = [];
  let given = 0;
  const count = Math.max(noHeaders.length, Math.min(all.length, headerCountMax));
  for (let index = 0; index < count; index++) {
    const field = textOrNull(all[index]);
    if (field !== null) given++;
    fields.push(field);
  }
  return given === 0 ? noHeaders : fields;
}
