import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LogStoreError } from '../../../src/base/errors.js';
import { Pending, PendingCommit } from '../../../src/catalog/pending.js';
import type { Mutation } from '../../../src/format/mutation.js';

const it = suite('pending');

function deletion(key: string): Mutation {
  return { is: 'deleteObject', bucket: 'bucket', key, ends: [], reason: 0 };
}

it('shows the newest commit of a key, until that one is done', () => {
  const pending = new Pending();
  const [first, second] = [1, 2].map((version) => new PendingCommit([deletion('k')], version, 0));
  assert.ok(first && second);
  pending.add(first);
  pending.add(second);
  assert.is(pending.ofObject('bucket', 'k')?.commit, second);
  pending.remove(first);
  assert.is(pending.ofObject('bucket', 'k')?.commit, second);
  pending.remove(second);
  assert.is(pending.ofObject('bucket', 'k'), undefined);
});

it('tells what ends an upload from what only touches it', () => {
  const pending = new Pending();
  const upload = { bucket: 'bucket', key: 'k', uploadVersion: 5, ends: [] };
  const part = {
    ...{ sizeBytes: 0, md5: new Uint8Array(16), sha256: new Uint8Array(32), checksum: null },
    ...{ runs: [], salt: new Uint8Array(16) },
  };
  const put = new PendingCommit([{ is: 'putPart', ...upload, partNumber: 1, part }], 6, 0);
  pending.add(put);
  assert.is(pending.ofUpload(5, 'any'), put);
  assert.is(pending.ofUpload(5, 'end'), undefined);
  assert.is(pending.ofPart(5, 1), put);
  assert.is(pending.ofUploadsIn('bucket'), put);
  const abort = new PendingCommit([{ is: 'abortUpload', ...upload }], 7, 0);
  pending.add(abort);
  assert.is(pending.ofUpload(5, 'end'), abort);
  pending.remove(put);
  pending.remove(abort);
  assert.is(pending.ofUpload(5, 'any'), undefined);
  assert.is(pending.ofPart(5, 1), undefined);
});

it('a refusal waits for what it rests on, and fails with it', async () => {
  const refusal = new LogStoreError('PRECONDITION_FAILED', 'it is there already');
  const lost = new LogStoreError('WRITER_FAILED', 'the sync failed');
  for (const outcome of ['durable', 'failed'] as const) {
    const commit = new PendingCommit([deletion('k')], 1, 0);
    let told = false;
    const refused = commit.thenRefuse(refusal).catch((error) => {
      told = true;
      return error;
    });
    await new Promise((resolve) => setImmediate(resolve));
    assert.is(told, false);
    if (outcome === 'durable') commit.resolve(undefined);
    else commit.reject(lost);
    assert.is(await refused, outcome === 'durable' ? refusal : lost);
  }
});

it.run();
