import * as assert from 'uvu/assert';
import { encodeCommit } from '../../src/format/commit.js';
import { inlineBodyFlag } from '../../src/format/record.js';
import type { LogFollower } from '../../src/log/record-types.js';
import type { Log } from '../../src/log/types.js';

/** What the log must give back of one commit. */
interface CommitSeen {
  readonly sequence: number;
  readonly meta: Buffer;
  readonly flags: number;
}

/** Takes down what opening a log hands over. */
export class LogNotes implements LogFollower {
  readonly commits: CommitSeen[] = [];
  readonly lostSequences: number[] = [];

  commit(sequence: number, meta: Uint8Array, flags: number): void {
    this.commits.push({ sequence, meta: Buffer.from(meta), flags });
  }

  lost(sequence: number): void {
    this.lostSequences.push(sequence);
  }
}

interface Written {
  readonly kind: 'data' | 'commit';
  readonly flags: number;
  readonly payload: Buffer;
}

/**
 * Everything that was appended to one log, and what became known of it. A log that was reopened
 * must hold all that was acknowledged, nothing that was never appended, and no hole.
 */
export class LogJournal {
  /** By number: what is certain to stand there. */
  readonly #certain = new Map<number, Written>();
  /** By number: what was appended and not acknowledged; one of them may stand there. */
  readonly #possible = new Map<number, Written[]>();
  /** The numbers of acknowledgements, in the order in which they came. */
  readonly acknowledged: number[] = [];
  failedCount = 0;
  #bucketCount = 0;

  /** Appends a data record; resolves with its number once it is acknowledged. */
  data(log: Log, payload: Uint8Array): Promise<number> {
    return this.#append(log, { kind: 'data', flags: 0, payload: Buffer.from(payload) });
  }

  /** Appends a commit of one mutation, with an inline body where one is given. */
  commit(log: Log, body?: Uint8Array, removes = false): Promise<number> {
    const version = log.takeVersions(1);
    const bucket = `bucket-${++this.#bucketCount}`;
    const mutation = { is: 'createBucket', bucket, owner: null, region: null, flags: 0 } as const;
    const head = encodeCommit({ timeUnixMs: 1, version, mutations: [mutation] });
    const payload = Buffer.concat(body === undefined ? [head] : [head, body]);
    const flags = body === undefined ? 0 : inlineBodyFlag;
    return this.#append(log, { kind: 'commit', flags, payload }, removes);
  }

  #append(log: Log, written: Written, removes = false): Promise<number> {
    return new Promise((resolve, reject) => {
      const { kind, flags } = written;
      const payload = [Buffer.from(written.payload)];
      const subject = new Uint8Array(8);
      const sequence: number = log.append({
        ...{ kind, flags, subject, payload, removes },
        onDurable: () => {
          this.#certain.set(sequence, written);
          this.acknowledged.push(sequence);
          resolve(sequence);
        },
        onFailed: (error) => {
          this.failedCount++;
          reject(error);
        },
      });
      const others = this.#possible.get(sequence) ?? [];
      this.#possible.set(sequence, [...others, written]);
    });
  }

  /**
   * Checks a log that was opened after a close or crash. From then on all that it serves is
   * certain: the next opening must serve it too.
   */
  async check(log: Log, notes: LogNotes): Promise<void> {
    const { sequenceNext } = log;
    assert.equal(notes.lostSequences, [], 'no commit is lost');
    assert.is(log.state.is, 'ok', log.state.reason);
    for (const sequence of this.#certain.keys())
      assert.ok(sequence < sequenceNext, `record ${sequence} was acknowledged and is gone`);
    const commits = notes.commits.values();
    for (let sequence = 1; sequence < sequenceNext; sequence++) {
      const found = await log.read(sequence);
      const written = this.#identify(sequence, found.payload);
      assert.is(found.kind, written.kind, `kind of record ${sequence}`);
      assert.is(found.flags, written.flags, `flags of record ${sequence}`);
      this.#certain.set(sequence, written);
      if (written.kind === 'data') continue;
      const told = commits.next().value;
      assert.is(told?.sequence, sequence, 'the follower hears each commit, in order');
      assert.is(told?.flags, written.flags);
      assert.ok(told?.meta.equals(metaOf(written.payload)), `meta of commit ${sequence}`);
    }
    assert.ok(commits.next().done, 'the follower hears no more than the log holds');
    this.#possible.clear();
  }

  #identify(sequence: number, payload: Uint8Array): Written {
    const certain = this.#certain.get(sequence);
    const candidates = certain === undefined ? this.#possible.get(sequence) : [certain];
    const written = candidates?.find((each) => each.payload.equals(payload));
    assert.ok(written, `record ${sequence} holds what was written there`);
    return written;
  }

  /** The same knowledge, to go on from twice. */
  copy(): LogJournal {
    const copy = new LogJournal();
    for (const [sequence, written] of this.#certain) copy.#certain.set(sequence, written);
    for (const [sequence, written] of this.#possible) copy.#possible.set(sequence, written);
    copy.#bucketCount = this.#bucketCount;
    return copy;
  }

  /** How many records are certain to stand in the log. */
  get certainCount(): number {
    return this.#certain.size;
  }
}

function metaOf(payload: Buffer): Buffer {
  return payload.subarray(4, 4 + payload.readUInt32LE(0));
}
