import { isLogStoreError } from '../../src/base/errors.js';
import { type ConfigurationName, configurationNames } from '../../src/format/mutation.js';
import type { Store } from '../../src/store/types.js';
import type { Change, Entry } from '../crash/journal-of-writes.js';
import type { SeededRandom } from './seeded-random.js';

export interface BusyKeeperOptions {
  readonly random: SeededRandom;
  /** Told of every operation before it is asked for, and of its answer. */
  readonly note: (entry: Entry) => void;
  /** Its cells, as they are found. */
  readonly known: ReadonlyMap<string, string>;
}

const kinds = ['user', 'policy'] as const;
const keys = ['k0', 'k1', 'k2'] as const;
/** Whose values the store gives a meaning take a form; versions are a matter of the bucket's. */
const meant: ReadonlySet<ConfigurationName> = new Set([
  ...(['versioning', 'object-lock', 'notification', 'lifecycle'] as const),
]);
const plainNames = configurationNames.filter((name) => !meant.has(name));
const ofObject = ['bytes', 'tags', 'acl', 'hold', 'retention'] as const;
let idNext = 1;

export const keeperBucket = (number: number): string => `keeper-${number}`;
/** Every second one keeps versions that can be locked. */
export const hasLocks = (number: number): boolean => number % 2 === 0;

/**
 * One of many who change at once all that is no object's bytes: users, policies, what buckets are
 * configured to, and tags, grants and locks of objects. Each value is a cell of its own.
 */
export class BusyKeeper {
  readonly #known: Map<string, string>;
  readonly #bucket: string;
  #count = 0;

  constructor(
    private readonly store: Store,
    private readonly number: number,
    private readonly options: BusyKeeperOptions,
  ) {
    this.#known = new Map(options.known);
    this.#bucket = keeperBucket(number);
  }

  async work(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) if (!(await this.#step())) return;
  }

  #step(): Promise<boolean> {
    const { random } = this.options;
    const dice = random.fraction();
    if (dice < 0.2) return this.#document();
    if (dice < 0.4) return this.#configuration();
    const key = random.pick(keys);
    if (!this.#known.has(this.#cell(key, 'bytes')) || dice < 0.55) return this.#put(key);
    if (dice < 0.62) return this.#delete(key);
    if (dice < 0.7) return this.#copy(key);
    return this.#state(key, dice);
  }

  #cell(...names: string[]): string {
    return `w${this.number}/${names.join(' ')}`;
  }

  /** A value that no other operation of this history writes. */
  #value(): string {
    return `${this.options.random.word().toString(36)}-${++this.#count}`;
  }

  async #begun(change: Change, work: () => Promise<unknown>): Promise<boolean> {
    const { note } = this.options;
    const id = idNext++;
    note({ is: 'begun', id, writer: this.number, change });
    try {
      await work();
    } catch (error) {
      if (isLogStoreError(error, 'WRITER_FAILED', 'CLOSED', 'READ_ONLY', 'BUSY')) return false;
      throw error;
    }
    note({ is: 'acknowledged', id });
    for (const [cell, value] of Object.entries(change)) {
      if (value === null) this.#known.delete(cell);
      else this.#known.set(cell, value);
    }
    return true;
  }

  #document(): Promise<boolean> {
    const { random } = this.options;
    const [kind, name] = [random.pick(kinds), `w${this.number}-${random.below(4)}`];
    const value = random.chance(0.3) ? null : this.#value();
    return this.#begun({ [this.#cell(kind, name)]: value }, () =>
      this.store.access.setDocument(kind, name, value),
    );
  }

  #configuration(): Promise<boolean> {
    const { random } = this.options;
    const isOfVersions = !hasLocks(this.number) && random.chance(0.2);
    const name = isOfVersions ? 'versioning' : random.pick(plainNames);
    const removes = random.chance(0.3) && !isOfVersions;
    const state = random.pick(['Enabled', 'Suspended']);
    const value = removes ? null : isOfVersions ? state : this.#value();
    return this.#begun({ [this.#cell('configuration', name)]: value }, () =>
      this.store.setBucketConfiguration(this.#bucket, name, value),
    );
  }

  /** What a key has anew, and nothing of what it had. */
  #anew(key: string, cells: Readonly<Record<string, string | null>>): Change {
    const gone = ofObject.map((name) => [this.#cell(key, name), null] as const);
    const made = Object.entries(cells).map(([name, value]) => [this.#cell(key, name), value]);
    return Object.fromEntries([...gone, ...made]);
  }

  #put(key: string): Promise<boolean> {
    const { random } = this.options;
    const bytes = this.#value();
    const tags = random.chance(0.4) ? { of: this.#value() } : undefined;
    const acl = random.chance(0.4) ? this.#value() : null;
    const hold = hasLocks(this.number) && random.chance(0.3) ? true : undefined;
    const cells = {
      ...{ bytes, acl },
      tags: tags === undefined ? null : JSON.stringify(tags),
      hold: hold === undefined ? null : String(hold),
    };
    const state = { tags, acl, ...(hold && { lock: { legalHold: hold } }) };
    const body = Buffer.from(bytes);
    return this.#begun(this.#anew(key, cells), async () => {
      if (random.chance(0.7)) return this.store.put(this.#bucket, key, body, state);
      const { uploadId } = await this.store.createUpload(this.#bucket, key, state);
      const { etag } = await this.store.putPart(this.#bucket, key, uploadId, 1, body);
      return this.store.completeUpload(this.#bucket, key, uploadId, [{ number: 1, etag }]);
    });
  }

  #delete(key: string): Promise<boolean> {
    return this.#begun(this.#anew(key, {}), () => this.store.delete(this.#bucket, key));
  }

  /** A copy has its source's tags, and nothing else of what was said of it. */
  #copy(from: string): Promise<boolean> {
    const to = this.options.random.pick(keys.filter((key) => key !== from));
    const of = (name: string) => this.#known.get(this.#cell(from, name)) ?? null;
    const change = this.#anew(to, { bytes: of('bytes'), tags: of('tags') });
    const source = { bucket: this.#bucket, key: from };
    return this.#begun(change, () => this.store.copy(source, this.#bucket, to));
  }

  #state(key: string, dice: number): Promise<boolean> {
    const { random } = this.options;
    const bucket = this.#bucket;
    const one = (name: (typeof ofObject)[number], value: string | null) => ({
      [this.#cell(key, name)]: value,
    });
    if (dice < 0.8 || (!hasLocks(this.number) && dice < 0.9)) {
      const tags = random.chance(0.3) ? {} : { of: this.#value(), ü: '' };
      const value = 'of' in tags ? JSON.stringify(tags) : null;
      return this.#begun(one('tags', value), () => this.store.setTags(bucket, key, tags));
    }
    if (!hasLocks(this.number) || dice < 0.86) {
      const acl = random.chance(0.3) ? null : this.#value();
      return this.#begun(one('acl', acl), () => this.store.access.setObjectAcl(bucket, key, acl));
    }
    if (dice < 0.93) {
      const hold = random.chance(0.5);
      const change = one('hold', String(hold));
      return this.#begun(change, () => this.store.setLegalHold(bucket, key, hold));
    }
    const untilUnixMs = 4_000_000_000_000 + 1_000 * random.below(1_000_000);
    const retention = { mode: 'GOVERNANCE', untilUnixMs } as const;
    return this.#begun(one('retention', String(untilUnixMs)), () =>
      this.store.setRetention(bucket, key, retention, { bypassGovernance: true }),
    );
  }
}

/** Every cell that has a value, of all keepers. */
export async function cellsOf(store: Store, keeperCount: number): Promise<Map<string, string>> {
  const cells = new Map<string, string>();
  const set = (cell: string, value: string | undefined) => {
    if (value !== undefined) cells.set(cell, value);
  };
  for (const kind of kinds)
    for (const { name, value } of await store.access.documents(kind))
      set(`${name.replace(/-.*/, '')}/${kind} ${name}`, value);
  for (let number = 0; number < keeperCount; number++) {
    const bucket = keeperBucket(number);
    for (const name of hasLocks(number) ? plainNames : [...plainNames, 'versioning' as const]) {
      const found = await store.bucketConfiguration(bucket, name);
      set(`w${number}/configuration ${name}`, found && String(found.value));
    }
    for await (const { key } of store.objects(bucket)) {
      const { lock } = await store.head(bucket, key);
      const { tags } = await store.getTags(bucket, key);
      const { acl } = await store.access.objectAcl(bucket, key);
      const { legalHold } = await store.getLegalHold(bucket, key);
      const until = lock?.retention?.untilUnixMs;
      const of = (name: (typeof ofObject)[number]) => `w${number}/${key} ${name}`;
      set(of('bytes'), Buffer.from(await store.getBytes(bucket, key)).toString());
      set(of('tags'), Object.keys(tags).length === 0 ? undefined : JSON.stringify(tags));
      set(of('acl'), acl ?? undefined);
      set(of('hold'), legalHold === undefined ? undefined : String(legalHold));
      set(of('retention'), until === undefined ? undefined : String(until));
    }
  }
  return cells;
}
