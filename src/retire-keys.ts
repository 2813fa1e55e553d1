import { LogStoreError } from './base/errors.js';
import type { Random } from './base/host.js';
import { invariant } from './base/invariant.js';
import { keepsKey, keptKey, keptKeyText } from './encryption/kept-key.js';
import { hex, type StoreKey } from './encryption/key-ring.js';
import type { Store } from './store/types.js';
import type { StoreKeys } from './store-keys.js';

const nonceBytes = 12;

export interface RetiredKeys {
  /** Ids of those that the log keeps now, in hex. */
  readonly ids: readonly string[];
  /** Where the file lies as it was; undefined where there was nothing to retire. */
  readonly before: string | undefined;
}

/**
 * Has the log keep all keys but the current one, wrapped by that, and takes them out of the file:
 * whatever they wrapped is then under the current one (SPEC.md §15.4).
 * @throws LogStoreError `NO_STORE_KEY` without keys; `UNCERTAIN` where damage hides documents; `IO`
 */
export async function retireKeys(
  { access }: Pick<Store, 'access'>,
  keys: StoreKeys,
  random: Random,
): Promise<RetiredKeys> {
  const { current } = keys;
  if (current === undefined)
    throw new LogStoreError('NO_STORE_KEY', `there are no keys in '${keys.place}'`);
  const documents = async () =>
    new Map((await access.documents('key')).map(({ name, value }) => [name, value]));
  const values = await documents();
  if (!values.has(hex(current.id))) await access.setDocument('key', hex(current.id), 'AES256');
  const earlier = keys.all().filter((key) => key !== current);
  const kept = keptBefore(values, keys);
  const all = new Map([...kept, ...earlier].map((key) => [hex(key.id), key]));
  all.delete(hex(current.id));
  const done = `AES256 ${hex(current.id)} `;
  for (const [id, key] of all)
    if (values.get(id)?.startsWith(done) !== true)
      await access.setDocument('key', id, keptKeyText(current, key, random.bytes(nonceBytes)));
  check(all, await documents(), current);
  return {
    ids: [...all.keys()],
    before: earlier.length === 0 ? undefined : await keys.leaveCurrent(),
  };
}

/** What the log keeps already, under whichever key. */
function keptBefore(values: ReadonlyMap<string, string>, keys: StoreKeys): StoreKey[] {
  const found: StoreKey[] = [];
  for (const [id, value] of values) {
    if (!keepsKey(value)) continue;
    const key = keptKey(
      Buffer.from(id, 'hex'),
      (name) => values.get(name),
      (each) => keys.find(each),
    );
    if (key === undefined)
      throw new LogStoreError('NO_STORE_KEY', `the log keeps ${id} under a key that is not there`);
    found.push(key);
  }
  return found;
}

/** Nothing is taken out of the file that does not come back from the log, byte for byte. */
function check(
  all: ReadonlyMap<string, StoreKey>,
  values: ReadonlyMap<string, string>,
  current: StoreKey,
): void {
  const find = (id: Uint8Array) => (hex(id) === hex(current.id) ? current : undefined);
  for (const [id, { key }] of all) {
    const found = keptKey(Buffer.from(id, 'hex'), (name) => values.get(name), find);
    invariant(
      found !== undefined && Buffer.compare(found.key, key) === 0,
      `the log gives back the key ${id}`,
    );
  }
}
