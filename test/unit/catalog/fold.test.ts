import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { applyCommit } from '../../../src/catalog/fold.js';
import { indexDigestOf } from '../../../src/catalog/index-digest.js';
import { type CatalogState, emptyState } from '../../../src/catalog/state.js';
import { keyPrefix, versionKey } from '../../../src/format/key-encoding.js';
import type { Ends, Mutation, ObjectRecord } from '../../../src/format/mutation.js';

const it = suite('fold');

const object: ObjectRecord = {
  ...{ sizeBytes: 1, etag: new Uint8Array(16).fill(1), partCount: 0 },
  ...{ sha256: new Uint8Array(32).fill(2), partsRoot: null, checksums: [], runs: [], parts: [] },
  ...{ headers: [null, null, null, null, null, null], metadata: [], expiresUnixMs: 0 },
  ...{ salt: new Uint8Array(16), uploadVersion: 0, flags: 0 },
};

/** Applies one mutation a record: record n has version n. */
class History {
  readonly state: CatalogState = emptyState();
  #next = 1;

  add(...mutations: Mutation[]): number {
    const sequence = this.#next;
    applyCommit(this.state, { timeUnixMs: 1000, version: sequence, mutations }, sequence);
    this.#next += mutations.length;
    return sequence;
  }
}

function aBucket(): { history: History; bucketVersion: number } {
  const history = new History();
  const bucketVersion = history.add({
    ...{ is: 'createBucket', bucket: 'bucket', owner: null, region: null, flags: 0 },
  });
  return { history, bucketVersion };
}

function put(key: string, bucketVersion: number, ends: Ends = [], uploadVersion = 0): Mutation {
  const record = { ...object, uploadVersion };
  return { is: 'putObject', bucket: 'bucket', key, bucketVersion, ends, object: record };
}

it('removes exactly what a record lists, and nothing else', () => {
  const { history, bucketVersion } = aBucket();
  const first = history.add(put('k', bucketVersion));
  const second = history.add(put('k', bucketVersion)); // ends nothing, so the first one stays
  const { objects } = history.state;
  assert.is(objects.count, 2);
  assert.is(objects.versionAt(objects.current(keyPrefix('bucket', 'k'))), second);
  history.add({
    ...{ is: 'deleteObject', bucket: 'bucket', key: 'k', ends: [second, 0, second], reason: 0 },
  });
  assert.is(objects.versionAt(objects.current(keyPrefix('bucket', 'k'))), first);
});

it('passes over what is not there', () => {
  const { history, bucketVersion } = aBucket();
  const before = indexDigestOf(history.state);
  const ends = [7, 0, 700];
  history.add({ is: 'deleteObject', bucket: 'bucket', key: 'k', ends, reason: 0 });
  history.add({ is: 'deleteBucket', bucket: 'bucket', ends });
  history.add({ is: 'deleteBucket', bucket: 'other', ends });
  history.add({ is: 'abortUpload', bucket: 'bucket', key: 'k', uploadVersion: 700, ends });
  const part = {
    ...{ sizeBytes: 1, md5: object.etag, sha256: new Uint8Array(32).fill(3), checksum: null },
    ...{ runs: [], salt: object.salt },
  };
  const upload = { bucket: 'bucket', key: 'k', uploadVersion: 700, partNumber: 1 };
  history.add({ is: 'putPart', ...upload, ends: [], part });
  history.add(put('k', bucketVersion + 1));
  assert.equal(indexDigestOf(history.state), before);
});

it('creates nothing in a bucket of another version', () => {
  const { history, bucketVersion } = aBucket();
  const ends = [bucketVersion, 0, bucketVersion];
  history.add({ is: 'deleteBucket', bucket: 'bucket', ends });
  history.add(put('k', bucketVersion));
  assert.is(history.state.objects.count, 0);
  const again = history.add({
    ...{ is: 'createBucket', bucket: 'bucket', owner: null, region: null, flags: 0 },
  });
  history.add(put('k', bucketVersion));
  assert.is(history.state.objects.count, 0);
  history.add(put('k', again));
  assert.is(history.state.objects.count, 1);
});

it('gives each mutation of a record its own version', () => {
  const { history, bucketVersion } = aBucket();
  const version = history.add(put('a', bucketVersion), put('b', bucketVersion));
  const { objects } = history.state;
  const slot = objects.find(versionKey('bucket', 'b', version + 1));
  assert.is(objects.sequenceAt(slot), version);
  assert.is(objects.mutationAt(slot), 1);
});

it('ends an upload and all its parts with the object that completes it', () => {
  const { history, bucketVersion } = aBucket();
  const open = (): number =>
    history.add({
      ...{ is: 'createUpload', bucket: 'bucket', key: 'k', bucketVersion, ttlMs: 0, flags: 0 },
      ...{ headers: object.headers, metadata: [], checksumAlgorithm: 1, checksumType: 2 },
      salt: object.salt,
    });
  const uploadVersion = open();
  const other = open();
  const part = {
    ...{ sizeBytes: 1, md5: object.etag, sha256: new Uint8Array(32).fill(3), checksum: null },
    ...{ runs: [], salt: object.salt },
  };
  for (const upload of [uploadVersion, other]) {
    for (const partNumber of [1, 2]) {
      const of = { bucket: 'bucket', key: 'k', uploadVersion: upload, partNumber };
      history.add({ is: 'putPart', ...of, ends: [], part });
    }
  }
  const { uploads, parts } = history.state;
  assert.is(parts.count, 4);
  const ends = [uploadVersion, 0, uploadVersion, uploadVersion + 3, 0, uploadVersion + 3];
  history.add(put('k', bucketVersion, ends, uploadVersion));
  assert.is(uploads.count, 1);
  assert.is(parts.count, 2);
});

it('a configuration belongs to the bucket of its version, and goes when it is ended', () => {
  const { history, bucketVersion } = aBucket();
  const before = indexDigestOf(history.state);
  const configure = (value: string | null, of: number, ends: Ends): Mutation => {
    return {
      is: 'configureBucket',
      bucket: 'bucket',
      bucketVersion: of,
      name: 'policy',
      value,
      ends,
    };
  };
  const policy = () => history.state.buckets.get('bucket')?.configurations.get('policy')?.value;
  history.add(configure('of another bucket', bucketVersion + 1, []));
  assert.equal(indexDigestOf(history.state), before);
  const first = history.add(configure('first', bucketVersion, []));
  history.add(configure(null, bucketVersion, [first + 100, 0, first + 100])); // ends what never was
  assert.is(policy(), 'first');
  const second = history.add(configure('second', bucketVersion, [first, 0, first]));
  assert.is(policy(), 'second');
  history.add(configure(null, bucketVersion, [first, 0, first])); // a stub of the one before
  assert.is(policy(), 'second');
  history.add(configure(null, bucketVersion, [second, 0, second]));
  assert.equal(indexDigestOf(history.state), before);
});

it('what is said last of a version counts, and goes with the version', () => {
  const { history, bucketVersion } = aBucket();
  const set = (version: number, tags: readonly string[]): Mutation => {
    const state = { lockMode: 1, retainUntilMs: 5, legalHold: true, tags, acl: null };
    return { is: 'setObjectState', bucket: 'bucket', key: 'k', version, state };
  };
  const { states } = history.state;
  history.add(set(700, ['of', 'nothing']));
  assert.is(states.count, 0);
  const version = history.add(put('k', bucketVersion));
  history.add(set(version, ['a', '1', 'b', '2']));
  const last = history.add(set(version, ['a', '3']));
  assert.is(states.count, 1);
  const { sequence, sizeBytes, flags, partCount } = states.entry(
    states.find(versionKey('bucket', 'k', version)),
  );
  assert.equal([sequence, sizeBytes, flags, partCount], [last, 5, 5, 1]);
  const ends = [version, 0, version];
  history.add({ is: 'deleteObject', bucket: 'bucket', key: 'k', ends, reason: 0 });
  assert.is(states.count, 0);
});

it('a delete marker is found by nobody who looks for its content', () => {
  const { history, bucketVersion } = aBucket();
  const marker = put('k', bucketVersion);
  if (marker.is !== 'putObject') throw new Error('a put');
  history.add({ ...marker, object: { ...marker.object, flags: 3 } });
  assert.is(history.state.objects.count, 1);
  assert.equal(history.state.objects.withContent(object.sha256 ?? new Uint8Array(32)), []);
});

it.run();
