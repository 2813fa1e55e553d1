import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Users } from '../../../../src/auth/users.js';
import { LogStoreError } from '../../../../src/base/errors.js';
import { AccessLog } from '../../../../src/http/s3/access-log.js';
import type { EndedRequest } from '../../../../src/http/s3/logged-request.js';
import { type LoggingRule, loggingStatusXml } from '../../../../src/http/s3/logging-rule.js';
import type { Store } from '../../../../src/store/types.js';
import { SeededRandom } from '../../../sim/seeded-random.js';
import { VirtualClock } from '../../../sim/virtual-clock.js';

const it = suite('the access log of a bucket');

const intervalMs = 300_000;
const noon = Date.UTC(2026, 10, 21, 12);

/** A store that has documents of buckets, and takes puts or fails them. */
class Target {
  readonly puts: { readonly key: string; readonly text: string }[] = [];
  readonly warned: Readonly<Record<string, unknown>>[] = [];
  failure: LogStoreError | undefined;
  lookups = 0;
  readonly #documents = new Map<string, Readonly<Record<string, string>>>([
    ['plain', {}],
    ['logs', {}],
  ]);
  readonly clock = new VirtualClock(noon);
  readonly log: AccessLog;

  constructor(rule: Partial<LoggingRule> = {}) {
    this.wish(rule);
    const store = {
      access: { ofBucket: (name: string) => this.#ofBucket(name) },
      put: async (_bucket: string, key: string, body: Uint8Array) => {
        if (this.failure !== undefined) throw this.failure;
        this.puts.push({ key, text: Buffer.from(body).toString() });
      },
    };
    const users = { directory: { shownId: (id: string) => id || 'ROOT' } };
    const warn = (fields: object, message: string) => this.warned.push({ ...fields, message });
    const random = new SeededRandom(1);
    this.log = new AccessLog({
      ...{ clock: this.clock, random, region: 'us-east-1', intervalMs },
      objectOwnership: 'BucketOwnerEnforced',
      logger: { info: warn, warn, error: warn },
      // All of both that a log comes to.
      store: store as object as Store,
      users: users as object as Users,
    });
  }

  wish(rule: Partial<LoggingRule>): void {
    const whole = { targetBucket: 'logs', prefix: '', keyFormat: 'simple', ...rule } as const;
    this.#documents.set('source', { logging: loggingStatusXml(whole) });
  }

  remove(bucket: string): void {
    this.#documents.delete(bucket);
  }

  note(own: Partial<EndedRequest> = {}, bytes = 0): void {
    const req = new IncomingMessage(new Socket());
    Object.assign(req, { method: 'GET', url: `/source/k?${'x'.repeat(bytes)}` });
    this.log.note(
      {
        ...{ req, res: new ServerResponse(req), requestId: 'ID', hostId: 'HOST', bytesOut: 0 },
        ...{ operation: 'GetObject', bucket: 'source', key: 'k', identity: undefined },
        ...{ versionId: undefined, errorCode: undefined, objectBytes: undefined, deletions: [] },
        ...{ receivedMs: undefined, answeredMs: undefined, access: undefined, ...own },
      },
      10,
    );
  }

  /** Lets the interval pass, and what is put then be put. */
  async pass(): Promise<void> {
    this.clock.fireNext();
    await new Promise(setImmediate);
  }

  #ofBucket(name: string) {
    this.lookups += 1;
    const documents = this.#documents.get(name);
    if (documents === undefined) throw new LogStoreError('NO_SUCH_BUCKET', 'no such bucket');
    return { owner: null, document: (of: string) => documents[of] };
  }
}

it('of a bucket that wants no log one look is all there is', async () => {
  const target = new Target();
  target.note({ bucket: 'plain' });
  assert.is(target.lookups, 1);
  assert.is(target.clock.nextDueMs(), Number.POSITIVE_INFINITY);
  for (const bucket of [undefined, '']) target.note({ bucket });
  target.note({ bucket: 'gone', errorCode: 'NoSuchBucket' });
  assert.is(target.lookups, 1);
  await target.log.close();
  assert.equal(target.puts, []);
});

it('lines wait for the interval, and are put as one object', async () => {
  const target = new Target({ prefix: 'p/' });
  for (let count = 0; count < 3; count += 1) target.note();
  assert.is(target.clock.nextDueMs(), intervalMs);
  await target.pass();
  assert.is(target.puts.length, 1);
  assert.match(target.puts[0]?.key ?? '', /^p\/2026-11-21-12-05-00-[0-9A-F]{16}$/);
  assert.is(target.puts[0]?.text.split('\n').length, 4);
  assert.is(target.clock.nextDueMs(), Number.POSITIVE_INFINITY);
});

it('a MiB of lines waits for nothing', async () => {
  const target = new Target();
  for (let count = 0; count < 70; count += 1) target.note({}, 16_000);
  await new Promise(setImmediate);
  assert.is(target.puts.length, 1);
  assert.ok((target.puts[0]?.text.length ?? 0) < 1.1 * 1024 ** 2);
  await target.log.close();
  assert.is(
    target.puts
      .map(({ text }) => text)
      .join('')
      .split('\n').length,
    71,
  );
});

for (const [keyFormat, key] of [
  ['by-event-time', '2026/11/21/2026-11-21-00-00-00'],
  ['by-delivery-time', '2026/11/21/2026-11-21-12-05-00'],
] as const)
  it(`keys that are partitioned ${keyFormat} name account, region, bucket and day`, async () => {
    const target = new Target({ keyFormat, prefix: 'p-' });
    target.note();
    await target.pass();
    assert.is(target.puts[0]?.key.slice(0, -17), `p-ROOT/us-east-1/source/${key}`);
  });

for (const code of ['BUSY', 'LOW_SPACE'] as const)
  it(`${code} is tried again after the interval, and meanwhile memory has a bound`, async () => {
    const target = new Target();
    target.failure = new LogStoreError(code, 'no room');
    for (let count = 0; count < 2_000; count += 1) target.note({}, 16_000);
    await target.pass();
    assert.equal(target.puts, []);
    target.failure = undefined;
    await target.pass();
    const put = target.puts.map(({ text }) => text).join('');
    assert.ok(put.length <= 4 * 1024 ** 2);
    const lines = put.split('\n').length - 1;
    const [dropped, ...others] = target.warned;
    assert.equal(others, []);
    assert.is(dropped?.message, 'lines of the access log dropped');
    assert.is(Number(dropped?.lines) + lines, 2_000, 'each is there, or counted');
  });

it('a target that was deleted meanwhile costs its lines and no memory', async () => {
  const target = new Target();
  target.note();
  target.remove('logs');
  for (let round = 0; round < 3; round += 1) {
    for (let count = 0; count < 500; count += 1) target.note({}, 16_000);
    await target.pass();
    assert.is(target.clock.nextDueMs(), Number.POSITIVE_INFINITY, 'nothing waits any more');
  }
  assert.equal(target.puts, []);
  const told = target.warned.reduce((sum, { lines }) => sum + Number(lines), 0);
  assert.is(told, 1_501);
  const messages = new Set(target.warned.map(({ message }) => message));
  assert.ok(messages.has('access log not delivered'));
});

it('the end puts what is there, and what cannot be put is counted', async () => {
  const target = new Target();
  target.note();
  await target.log.close();
  await target.log.close();
  target.note();
  assert.is(target.puts.length, 1);
  assert.is(target.clock.nextDueMs(), Number.POSITIVE_INFINITY);

  const busy = new Target();
  busy.failure = new LogStoreError('NO_SPACE', 'full');
  busy.note();
  await busy.log.close();
  assert.equal(
    busy.warned.map(({ lines }) => lines),
    [1],
  );
});

it('lines of a bucket that was switched to another target go where they belong', async () => {
  const target = new Target({ prefix: 'one/' });
  target.note();
  target.wish({ prefix: 'two/' });
  target.note();
  await target.log.close();
  assert.equal(
    target.puts.map(({ key }) => key.slice(0, 4)),
    ['one/', 'two/'],
  );
});

it.run();
