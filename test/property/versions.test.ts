import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../src/base/errors.js';
import { nodeHost } from '../../src/host/node-host.js';
import { openStoreOn } from '../../src/store/store.js';
import type { Store } from '../../src/store/types.js';
import { verifyStore } from '../../src/store/verify.js';
import type { DeleteResult, Tags } from '../../src/store/version-options.js';
import type { ListedVersion } from '../../src/store/version-types.js';
import { SeededRandom } from '../sim/seeded-random.js';
import { temporaryDirectory } from '../unit/host/temporary-directory.js';

const histories = suite('histories of versions against a map of arrays');
const segmentBytes = 1024 ** 2;
const historyCount = Number(process.env.LOGSTORE_TEST_HISTORIES ?? 5);
const stepCount = 120;
const bucket = 'bucket';
const keys = ['a', 'a/b', 'a/c', 'b', 'ü', '\u0000'];

/** One version as it should be; without a body it is a delete marker. */
interface Expected {
  readonly versionId: string;
  readonly body: Uint8Array | undefined;
  tags: Tags;
}

class History {
  /** By key, the newest version first. */
  readonly model = new Map<string, Expected[]>();
  mode: 'off' | 'enabled' | 'suspended' = 'off';

  constructor(readonly random: SeededRandom) {}

  pick<T>(from: readonly T[]): T {
    const picked = from[this.random.below(from.length)];
    assert.ok(picked !== undefined);
    return picked;
  }

  body(): Uint8Array {
    const outputLength = this.pick([0, 10, 10, 700, 65_537, 300_000]);
    const seed = String(this.random.below(2 ** 30));
    return createHash('shake128', { outputLength }).update(seed).digest();
  }

  versions(key: string): Expected[] {
    return this.model.get(key) ?? [];
  }

  current(key: string): Expected | undefined {
    const [newest] = this.versions(key);
    return newest?.body === undefined ? undefined : newest;
  }

  /** A new version above the others; a null version takes the place of the one before. */
  add(key: string, versionId: string | undefined, body: Uint8Array | undefined, tags: Tags): void {
    const id = versionId ?? 'null';
    assert.is(id === 'null', this.mode !== 'enabled', `${id} while versions are ${this.mode}`);
    const others = this.versions(key).filter((each) => id !== 'null' || each.versionId !== 'null');
    this.model.set(key, [{ versionId: id, body, tags }, ...others]);
  }

  deleted(key: string, { versionId, deleteMarker }: DeleteResult): void {
    if (this.mode === 'off') this.model.delete(key);
    else {
      assert.is(deleteMarker, true);
      this.add(key, versionId, undefined, {});
    }
  }
}

async function step(store: Store, history: History): Promise<void> {
  const { random } = history;
  const key = history.pick(keys);
  const dice = random.below(100);
  if (dice < 28) await put(store, history, key);
  else if (dice < 38) history.deleted(key, await store.delete(bucket, key));
  else if (dice < 52) await deleteVersion(store, history, key);
  else if (dice < 60) await copy(store, history, key);
  else if (dice < 68) await tag(store, history, key);
  else if (dice < 74) await conditional(store, history, key);
  else if (dice < 79) await upload(store, history, key);
  else if (dice < 84) await transact(store, history, key);
  else if (dice < 90) await row(store, history, key);
  else if (dice < 95) await store.compact({ all: random.below(2) === 0 });
  else {
    history.mode = random.below(3) === 0 ? 'suspended' : 'enabled';
    await store.setBucketVersioning(bucket, history.mode);
  }
}

async function put(store: Store, history: History, key: string): Promise<void> {
  const body = history.body();
  const tags: Tags = history.random.below(3) === 0 ? { colour: `${body.length}` } : {};
  const { versionId } = await store.put(bucket, key, body, { tags });
  history.add(key, versionId, body, tags);
}

/** One that is there, or one that never was. */
async function deleteVersion(store: Store, history: History, key: string): Promise<void> {
  const versions = history.versions(key);
  const versionId =
    versions.length === 0 || history.random.below(8) === 0
      ? history.pick(['0000000000000fff', 'null'])
      : history.pick(versions).versionId;
  const there = versions.find((each) => each.versionId === versionId);
  const result = await store.delete(bucket, key, { versionId });
  assert.is(result.removed, there !== undefined);
  assert.is(result.deleteMarker ?? false, there !== undefined && there.body === undefined);
  const left = versions.filter((each) => each !== there);
  if (left.length > 0) history.model.set(key, left);
  else history.model.delete(key);
}

async function copy(store: Store, history: History, key: string): Promise<void> {
  const from = history.pick(keys);
  const source = history.versions(from).find(({ body }) => body !== undefined);
  if (source === undefined) return;
  const { versionId } = source;
  const copied = await store.copy({ bucket, key: from, versionId }, bucket, key);
  history.add(key, copied.versionId, source.body, source.tags);
}

async function tag(store: Store, history: History, key: string): Promise<void> {
  const version = history.versions(key).find(({ body }) => body !== undefined);
  if (version === undefined) return;
  const tags: Tags = history.random.below(3) === 0 ? {} : { n: String(history.random.below(99)) };
  await store.setTags(bucket, key, tags, { versionId: version.versionId });
  version.tags = tags;
}

async function conditional(store: Store, history: History, key: string): Promise<void> {
  const body = history.body();
  try {
    const { versionId } = await store.put(bucket, key, body, { ifAbsent: true });
    assert.is(history.current(key), undefined, 'put if absent');
    history.add(key, versionId, body, {});
  } catch (error) {
    if (!isLogStoreError(error, 'PRECONDITION_FAILED')) throw error;
    assert.ok(history.current(key) !== undefined);
  }
}

async function upload(store: Store, history: History, key: string): Promise<void> {
  const body = history.body();
  const tags: Tags = { by: 'parts' };
  const { uploadId } = await store.createUpload(bucket, key, { tags });
  await store.putPart(bucket, key, uploadId, 2, Buffer.from('not used'));
  const part = await store.putPart(bucket, key, uploadId, 1, body);
  const { versionId } = await store.completeUpload(bucket, key, uploadId, [part]);
  history.add(key, versionId, body, tags);
}

async function transact(store: Store, history: History, key: string): Promise<void> {
  const other = keys[(keys.indexOf(key) + 1) % keys.length] ?? key;
  const body = history.body();
  await store.transaction(async (transaction) => {
    await transaction.put(bucket, key, body);
    await transaction.delete(bucket, other);
  });
  const ids = (await store.listVersions(bucket)).versions.filter(({ isLatest }) => isLatest);
  const idOf = (name: string) => ids.find((each) => each.key === name)?.versionId;
  history.add(key, idOf(key), body, {});
  history.deleted(other, { removed: true, versionId: idOf(other), deleteMarker: true });
}

/** Several at once: in the order of the calls where nothing has to wait for what is under way. */
async function row(store: Store, history: History, key: string): Promise<void> {
  const bodies = [1, 2, 3].map((n) => Buffer.from(`body ${n} ${history.random.below(2 ** 30)}`));
  if (history.mode !== 'suspended') {
    const [first, gone, last] = await Promise.all([
      store.put(bucket, key, bodies[0] ?? Buffer.alloc(0)),
      store.delete(bucket, key),
      store.put(bucket, key, bodies[1] ?? Buffer.alloc(0), { ifAbsent: true }),
    ]);
    history.add(key, first.versionId, bodies[0], {});
    history.deleted(key, gone);
    history.add(key, last.versionId, bodies[1], {});
    return;
  }
  await Promise.all([
    ...bodies.map((body) => store.put(bucket, key, body)),
    store.delete(bucket, key, { versionId: 'null' }),
    store.delete(bucket, key),
    store.put(bucket, key, Buffer.from('last')),
  ]);
  // In one order or another there is but one null version, or none.
  const { versions } = await store.listVersions(bucket);
  const [newest, ...others] = versions.filter((each) => each.key === key);
  const before = history.versions(key).filter(({ versionId }) => versionId !== 'null');
  if (newest?.versionId !== 'null') {
    history.model.set(key, before);
    return;
  }
  assert.equal(idsOf(others), idsOf(before));
  const body = newest.isDeleteMarker ? undefined : await bytesOf(store, key, 'null');
  history.add(key, 'null', body, {});
}

function idsOf(versions: readonly { versionId: string }[]): string[] {
  return versions.map(({ versionId }) => versionId);
}

async function bytesOf(store: Store, key: string, versionId: string): Promise<Uint8Array> {
  await using reader = await store.get(bucket, key, { versionId });
  return await reader.bytes();
}

function inOrder(history: History): string[] {
  const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
  return [...history.model.keys()].filter((key) => history.versions(key).length > 0).sort(byBytes);
}

async function check(store: Store, history: History, when: string): Promise<void> {
  const expected = inOrder(history).flatMap((key) =>
    history.versions(key).map(({ versionId, body }, index) => {
      return `${key} ${versionId} ${body?.length ?? 'marker'} ${index === 0 ? 'latest' : ''}`;
    }),
  );
  const limit = history.pick([1, 2, 3, 1000]);
  const listed = (await allVersions(store, limit)).map(
    ({ key, versionId, isDeleteMarker, sizeBytes, isLatest }) =>
      `${key} ${versionId} ${isDeleteMarker ? 'marker' : sizeBytes} ${isLatest ? 'latest' : ''}`,
  );
  assert.equal(listed, expected, when);
  const current: string[] = [];
  for await (const { key } of store.objects(bucket, { limit })) current.push(key);
  const there = inOrder(history).filter((key) => history.current(key) !== undefined);
  assert.equal(current, there, when);
  const folded = await store.list(bucket, { delimiter: '/', limit: 1000 });
  const hasFolder = there.some((key) => key.includes('/'));
  assert.equal(folded.commonPrefixes, hasFolder ? ['a/'] : [], when);
  for (const key of keys) await checkKey(store, history, key, when);
}

async function checkKey(store: Store, history: History, key: string, when: string): Promise<void> {
  for (const { versionId, body, tags } of history.versions(key)) {
    if (body === undefined) {
      const refused = await failureOf(store.head(bucket, key, { versionId }));
      assert.is(refused, 'DELETE_MARKER', when);
      continue;
    }
    assert.is(Buffer.compare(await bytesOf(store, key, versionId), body), 0, when);
    assert.equal((await store.getTags(bucket, key, { versionId })).tags, tags, when);
    const info = await store.head(bucket, key, { versionId });
    assert.is(info.tagCount, Object.keys(tags).length, when);
    assert.is(info.versionId ?? 'null', versionId, when);
  }
  const current = history.current(key);
  if (current === undefined) {
    assert.is(await failureOf(store.getBytes(bucket, key)), 'NO_SUCH_KEY', when);
  } else
    assert.equal(Buffer.from(await store.getBytes(bucket, key)), Buffer.from(current.body ?? ''));
}

async function failureOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (isLogStoreError(error)) return error.code;
    throw error;
  }
  return 'none';
}

async function allVersions(store: Store, limit: number): Promise<ListedVersion[]> {
  const all: ListedVersion[] = [];
  let keyMarker: string | undefined;
  let versionIdMarker: string | undefined;
  for (;;) {
    const page = await store.listVersions(bucket, { limit, keyMarker, versionIdMarker });
    all.push(...page.versions);
    if (!page.truncated) return all;
    [keyMarker, versionIdMarker] = [page.nextKeyMarker, page.nextVersionIdMarker];
  }
}

for (let seed = 1; seed <= historyCount; seed++) {
  histories(`every version is what it was put as, and no other is there: ${seed}`, async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'store');
    const history = new History(new SeededRandom(seed));
    const open = () => openStoreOn(nodeHost(path), { segmentBytes });
    let store = await open();
    await store.createBucket(bucket);
    for (let count = 0; count < stepCount; count++) {
      await step(store, history);
      if (history.random.below(15) > 0) continue;
      await check(store, history, `seed ${seed}, step ${count}`);
      const digest = await store.indexDigest();
      await store.close();
      if (history.random.below(2) === 0) rmSync(join(path, 'index.snapshot'));
      store = await open();
      assert.equal(await store.indexDigest(), digest, `seed ${seed}, step ${count}: the index`);
      await check(store, history, `seed ${seed}, step ${count}, opened again`);
    }
    await store.compact({ all: true });
    await store.close();
    const report = await verifyStore(nodeHost(path));
    assert.ok(report.sound, JSON.stringify(report.findings.slice(0, 3)));
    rmSync(join(path, 'index.snapshot'));
    store = await open();
    await check(store, history, `seed ${seed}, at the end`);
    await store.close();
  });
}

histories.run();
