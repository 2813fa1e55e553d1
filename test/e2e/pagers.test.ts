import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openStore } from '../../src/open-store.js';
import { temporaryDirectory } from '../unit/host/temporary-directory.js';
import {
  byKeyAndId,
  byUtf8,
  eachOf,
  fillUploads,
  fillWorld,
  folded,
  type Named,
  type World,
  worldKeys,
} from './pager-world.js';
import { pagers, type Walk, walkParts, withId } from './pagers.js';
import { type S3Place, s3Place } from './s3-place.js';

const paging = suite('pagers of the SDK');

/** `npm run show -- pagers` asks for 60,000. */
const keyCount = Number(process.env.LOGSTORE_PAGER_KEYS ?? 3_000);
const uploadKeyCount = Math.min(Math.ceil(keyCount / 10), 6_000);
const partCount = Math.min(keyCount, 10_000);
const parts = { Bucket: 'uploads', Key: 'odd/of many parts' };

let at: S3Place;
let world: World;
let uploads: readonly Named[];
let UploadId = '';
const directory = temporaryDirectory();

paging.before(async () => {
  const store = await openStore({ dir: directory.path, reserveBytes: 0, parity: 'off' });
  world = await fillWorld(store, 'world', worldKeys(keyCount));
  uploads = await fillUploads(store, 'uploads', worldKeys(uploadKeyCount));
  UploadId = (await store.createUpload(parts.Bucket, parts.Key)).uploadId;
  const numbers = Array.from({ length: partCount }, (_, n) => n + 1);
  await eachOf(numbers, (number) =>
    store.putPart(parts.Bucket, parts.Key, UploadId, number, Buffer.from('p'), { md5: true }),
  );
  await store.close();
  at = await s3Place({ dir: directory.path });
});
paging.after(async () => {
  await at.close();
  directory[Symbol.dispose]();
});

/** Whole pages, odd ones, and where there is little to show, small ones. */
function pageSizes(count: number): readonly number[] {
  return count > 200 ? [1000, keyCount > 10_000 ? 997 : 97] : [1000, 97, 7];
}

const views = [
  ['', undefined],
  ['', '/'],
  ['', '//'],
  ['full/', undefined],
  ['full/', '/'],
  ['folder-', '/'],
  ['gone/', undefined],
  ['odd/', undefined],
  ['odd/', '/'],
  ['deep/', '//'],
  ['', 'end'],
] as const;

type Name = keyof typeof pagers;

/** All that each pager is to show, in order. */
const contents: Readonly<Record<Name, () => readonly Named[]>> = {
  ListObjects: () => world.keys.map((key) => [key, '']),
  ListObjectsV2: () => world.keys.map((key) => [key, '']),
  ListObjectVersions: () => world.versions,
  ListMultipartUploads: () => [...uploads, [parts.Key, UploadId] as const].sort(byKeyAndId),
};

function namesOf(things: readonly Named[], keys: ReadonlySet<string>): string[] {
  const wanted = things.filter(([key]) => keys.has(key));
  return wanted.map(([key, id]) => (id === '' ? key : withId(key, id)));
}

for (const name of Object.keys(pagers) as Name[])
  paging(`${name} shows each key once, in order, however it is asked`, async () => {
    const Bucket = name === 'ListMultipartUploads' ? 'uploads' : 'world';
    const all = contents[name]();
    const marked = name === 'ListObjectVersions' ? world.deleteMarkers : [];
    const keys = [...new Set([...all, ...marked].map(([key]) => key))].sort(byUtf8);
    for (const [Prefix, Delimiter] of views) {
      const { shown, prefixes } = folded(keys, Prefix, Delimiter);
      const kept = new Set(shown);
      const [names, markers] = [namesOf(all, kept), namesOf(marked, kept)];
      const count = names.length + markers.length + prefixes.length;
      for (const pageSize of pageSizes(count)) {
        const walk: Walk = { Bucket, Prefix, Delimiter, pageSize };
        const walked = await pagers[name](at.client, walk);
        const what = `${name} of ${JSON.stringify(walk)}`;
        const pageCount = Math.max(1, Math.ceil(count / pageSize));
        assert.is(walked.pageCount, pageCount, `${what}: pages`);
        assert.ok(isSame(walked.prefixes, prefixes), `${what}: prefixes`);
        assert.ok(isSame(walked.shown, names), `${what}: names`);
        assert.ok(isSame(walked.markers, markers), `${what}: delete markers`);
      }
    }
  });

/** As `assert.equal`, which would write out what tens of thousands of names differ in. */
function isSame(found: readonly string[], wanted: readonly string[]): boolean {
  return found.length === wanted.length && found.every((name, n) => name === wanted[n]);
}

paging('ListParts shows each part once, in order', async () => {
  const expected = Array.from({ length: partCount }, (_, n) => n + 1);
  for (const pageSize of [1000, 97])
    assert.equal(await walkParts(at.client, { ...parts, UploadId }, pageSize), expected);
});

paging.run();
