import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeCommitMeta, encodeCommit } from '../../../src/format/commit.js';
import { nodeHost } from '../../../src/host/node-host.js';
import { openLog } from '../../../src/log/open-log.js';
import type { LogFollower } from '../../../src/log/record-types.js';
import type { Log } from '../../../src/log/types.js';

const log = suite('log');
const subject = new Uint8Array(8);

class Notes implements LogFollower {
  readonly buckets: string[] = [];
  readonly lostRecords: number[] = [];
  commit(_sequence: number, meta: Uint8Array): void {
    for (const mutation of decodeCommitMeta(meta).mutations)
      if ('bucket' in mutation) this.buckets.push(mutation.bucket);
  }
  lost(sequence: number): void {
    this.lostRecords.push(sequence);
  }
}

function put(opened: Log, bucket: string): Promise<number> {
  const version = opened.takeVersions(1);
  const mutation = { is: 'createBucket', bucket, owner: null, region: null, flags: 0 } as const;
  const payload = [encodeCommit({ timeUnixMs: 1, version, mutations: [mutation] })];
  return new Promise((resolve, reject) => {
    const sequence = opened.append({
      ...{ kind: 'commit', flags: 0, subject, payload },
      onDurable: () => resolve(sequence),
      onFailed: reject,
    });
  });
}

async function inTemporary(action: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'logstore-log-'));
  try {
    await action(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

log('gives back each commit in order after a clean close, in the same segment', async () => {
  await inTemporary(async (directory) => {
    for (let round = 0; round < 3; round++) {
      const notes = new Notes();
      await using opened = await openLog(nodeHost(directory), { mode: 'write' }, notes);
      assert.equal(notes.buckets, ['a', 'b', 'c'].slice(0, round));
      assert.is(opened.segmentCount(), 1);
      await put(opened, ['a', 'b', 'c'][round] ?? '');
    }
  });
});

log('rolls over to new segments and reads every record by its number', async () => {
  await inTemporary(async (directory) => {
    const body = Buffer.alloc(200_000, 7);
    const options = { mode: 'write', segmentBytes: 1024 ** 2 } as const;
    const sequences: number[] = [];
    {
      await using opened = await openLog(nodeHost(directory), options, new Notes());
      for (let index = 0; index < 40; index++) {
        await opened.room();
        sequences.push(opened.append({ kind: 'data', flags: 0, subject, payload: [body] }));
        if (index % 3 === 0) sequences.push(await put(opened, `bucket-${index}`));
      }
      await opened.settled();
      assert.ok(opened.segmentCount() > 3);
    }
    const notes = new Notes();
    await using again = await openLog(nodeHost(directory), options, notes);
    assert.is(notes.buckets.length, 14);
    for (const sequence of sequences) {
      const record = await again.read(sequence);
      assert.is(record.sequence, sequence);
      if (record.kind === 'data') assert.ok(body.equals(record.payload));
    }
  });
});

log.run();
