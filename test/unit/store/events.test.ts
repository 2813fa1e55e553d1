import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type NotificationRule,
  notificationText,
} from '../../../src/catalog/notification-rules.js';
import { openStoreOn } from '../../../src/store/store.js';
import type { EventTarget } from '../../../src/store/store-options.js';
import type { Store } from '../../../src/store/types.js';
import { failsWith } from '../../conformance/store-words.js';
import { SimulatedWorld } from '../../sim/simulated-host.js';

const it = suite('events');

const bucket = 'bucket';
const body = Buffer.from('0123456789');
const hourMs = 3_600_000;

/** Keeps what it was told, unless it is down. */
class Listener implements EventTarget {
  readonly name = 'hook';
  readonly heard: string[] = [];
  isDown = false;
  asked = 0;

  async deliver(message: string): Promise<string | undefined> {
    this.asked++;
    if (this.isDown) return 'it is down';
    const { Records } = JSON.parse(message) as Messages;
    for (const { eventName, s3 } of Records) this.heard.push(`${eventName} ${s3.object.key}`);
    return undefined;
  }
}

interface Messages {
  readonly Records: readonly {
    readonly eventName: string;
    readonly s3: { readonly object: { readonly key: string } };
  }[];
}

function wishes(over: Partial<NotificationRule> = {}): string {
  const events = ['s3:ObjectCreated:*', 's3:ObjectRemoved:*', 's3:LifecycleExpiration:*'];
  const rule = { id: 'r', kind: 'queue', arn: 'arn', target: 'hook', events } as const;
  return notificationText([{ ...rule, prefix: '', suffix: '', ...over }]);
}

function open(world: SimulatedWorld, listener: EventTarget, tell?: () => void): Promise<Store> {
  const events = { targets: [listener], region: 'us-east-1' };
  const options = { hashThreadsMax: 0, segmentBytes: 1024 ** 2, events, tell };
  return world.run(openStoreOn(world, options));
}

async function aStore(world: SimulatedWorld, listener: EventTarget): Promise<Store> {
  const store = await open(world, listener);
  await world.run(store.createBucket(bucket));
  await world.run(store.setBucketConfiguration(bucket, 'notification', wishes()));
  return store;
}

it('tells of what is made and removed, as S3 names it', async () => {
  const world = new SimulatedWorld(1);
  const listener = new Listener();
  const store = await aStore(world, listener);
  await world.run(store.put(bucket, 'a b/ü', body));
  await world.run(store.copy({ bucket, key: 'a b/ü' }, bucket, 'copy'));
  const { uploadId } = await world.run(store.createUpload(bucket, 'parts'));
  const { etag } = await world.run(store.putPart(bucket, 'parts', uploadId, 1, body));
  await world.run(store.completeUpload(bucket, 'parts', uploadId, [{ number: 1, etag }]));
  await world.run(store.delete(bucket, 'copy'));
  await world.run(store.setBucketVersioning(bucket, 'enabled'));
  const { versionId } = await world.run(store.delete(bucket, 'parts'));
  await world.run(store.delete(bucket, 'parts', { versionId }));
  await world.advance(100);
  assert.equal([...listener.heard].sort(), [
    'ObjectCreated:CompleteMultipartUpload parts',
    'ObjectCreated:Copy copy',
    'ObjectCreated:Put a+b/%C3%BC',
    'ObjectRemoved:Delete copy',
    'ObjectRemoved:Delete parts',
    'ObjectRemoved:DeleteMarkerCreated parts',
  ]);
  await world.run(store.close());
});

it('tells of tags and grants that are said anew, of which version, and not of locks', async () => {
  const world = new SimulatedWorld(1);
  const heard: string[] = [];
  const listener: EventTarget = {
    name: 'hook',
    deliver: async (message) => {
      const { Records } = JSON.parse(message) as { Records: StateRecord[] };
      for (const { eventName, s3 } of Records)
        heard.push(`${eventName} ${s3.object.key} ${s3.object.versionId}`);
      return undefined;
    },
  };
  let store = await open(world, listener);
  await world.run(store.createBucket(bucket, { objectLock: true }));
  const { versionId } = await world.run(store.put(bucket, 'a', body));
  const events = ['s3:ObjectTagging:*', 's3:ObjectAcl:Put'];
  await world.run(store.setBucketConfiguration(bucket, 'notification', wishes({ events })));
  await world.run(store.setTags(bucket, 'a', { of: 'a' }));
  await world.run(store.setLegalHold(bucket, 'a', true));
  await world.run(store.access.setObjectAcl(bucket, 'a', 'an ACL'));
  await world.run(store.setTags(bucket, 'a', {}, { versionId }));
  await world.advance(100);
  const names = ['ObjectTagging:Put', 'ObjectAcl:Put', 'ObjectTagging:Delete'];
  assert.equal(
    heard,
    names.map((name) => `${name} a ${versionId}`),
  );
  const state = await world.run(store.getTags(bucket, 'a'));
  await world.run(store.close());
  store = await open(world, listener);
  assert.equal(await world.run(store.getTags(bucket, 'a')), state);
  await world.run(store.close());
});

interface StateRecord {
  readonly eventName: string;
  readonly s3: { readonly object: { readonly key: string; readonly versionId: string } };
}

it('tells of tags from the log as at once, where a target was not there', async () => {
  const world = new SimulatedWorld(1);
  const listener = new Listener();
  const store = await aStore(world, listener);
  const text = wishes({ events: ['s3:ObjectTagging:*', 's3:ObjectAcl:Put'] });
  await world.run(store.setBucketConfiguration(bucket, 'notification', text));
  listener.isDown = true;
  await world.run(store.put(bucket, 'a', body));
  await world.run(store.setTags(bucket, 'a', { of: 'a' }));
  await world.run(store.access.setObjectAcl(bucket, 'a', 'an ACL'));
  await world.run(store.close());
  listener.isDown = false;
  const again = await open(world, listener);
  await world.advance(hourMs);
  assert.equal(listener.heard, ['ObjectTagging:Put a', 'ObjectAcl:Put a']);
  await world.run(again.close());
});

it('tells only of what was wished for', async () => {
  const world = new SimulatedWorld(1);
  const listener = new Listener();
  const store = await aStore(world, listener);
  const text = wishes({ prefix: 'in/', suffix: '.jpg', events: ['s3:ObjectCreated:Put'] });
  await world.run(store.setBucketConfiguration(bucket, 'notification', text));
  for (const key of ['in/a.jpg', 'in/a.png', 'out/a.jpg']) {
    await world.run(store.put(bucket, key, body));
    await world.run(store.delete(bucket, key));
  }
  await world.run(store.createBucket('other'));
  await world.run(store.put('other', 'in/a.jpg', body));
  await world.advance(100);
  assert.equal(listener.heard, ['ObjectCreated:Put in/a.jpg']);
  await world.run(store.close());
});

it('a target that is down is told later, in the order of each key; nobody waits for it', async () => {
  const world = new SimulatedWorld(1);
  const listener = new Listener();
  const store = await aStore(world, listener);
  listener.isDown = true;
  for (let round = 0; round < 3; round++) {
    await world.run(store.put(bucket, 'k', body));
    await world.run(store.delete(bucket, 'k'));
  }
  await world.advance(hourMs);
  assert.equal(listener.heard, []);
  assert.ok(listener.asked < 100, 'it is asked less and less often');
  listener.isDown = false;
  await world.advance(hourMs);
  const once = ['ObjectCreated:Put k', 'ObjectRemoved:Delete k'];
  assert.equal(listener.heard, [...once, ...once, ...once]);
  await world.run(store.close());
});

it('what was not delivered is told after a crash, also from the very beginning', async () => {
  for (const ending of ['kill', 'close'] as const) {
    const world = new SimulatedWorld(2);
    const down = new Listener();
    down.isDown = true;
    const store = await aStore(world, down);
    for (let at = 0; at < 20; at++) await world.run(store.put(bucket, `k${at}`, body));
    if (ending === 'close') await world.run(store.close());
    const restarted = ending === 'close' ? world : world.crash(1, 'kill');
    const listener = new Listener();
    const again = await open(restarted, listener);
    await restarted.run(again.put(bucket, 'later', body));
    await restarted.advance(60_000);
    assert.is(listener.heard.length, 21, ending);
    assert.is(new Set(listener.heard).size, 21, ending);
    await restarted.run(again.close());
    const last = new Listener();
    const third = await open(restarted, last);
    await restarted.advance(60_000);
    assert.equal(last.heard, [], 'what was delivered before a clean end is not told again');
    await restarted.run(third.close());
  }
});

it('more than memory holds is read from the log again, and compaction leaves it there', async () => {
  const world = new SimulatedWorld(3);
  const listener = new Listener();
  listener.isDown = true;
  const store = await aStore(world, listener);
  const large = Buffer.alloc(60_000, 7);
  for (let at = 0; at < 60; at++) await world.run(store.put(bucket, 'same', large));
  const held = await world.run(store.compact({ all: true }));
  assert.is(held.rewrittenSegmentCount, 0);
  for (let at = 0; at < 11_000; at += 100) {
    const some = Array.from({ length: 100 }, (_, more) => store.put(bucket, `k${at + more}`, body));
    await world.run(Promise.all(some));
  }
  listener.isDown = false;
  await world.advance(hourMs);
  assert.is(listener.heard.length, 11_060);
  assert.is(new Set(listener.heard).size, 11_001);
  const freed = await world.run(store.compact({ all: true }));
  assert.ok(freed.rewrittenSegmentCount > 0);
  await world.run(store.close());
});

it('an event that nobody takes for a day is given up, and said so', async () => {
  const world = new SimulatedWorld(4);
  const listener = new Listener();
  listener.isDown = true;
  let toldCount = 0;
  const store = await open(world, listener, () => {
    toldCount++;
  });
  await world.run(store.createBucket(bucket));
  await world.run(store.setBucketConfiguration(bucket, 'notification', wishes()));
  await world.run(store.put(bucket, 'k', body));
  await world.advance(26 * hourMs);
  const { asked } = listener;
  assert.is(toldCount, 2, 'once that it is down, once that the event was given up');
  await world.advance(hourMs);
  assert.is(listener.asked, asked);
  await world.run(store.close());
});

it('a log that cannot be read is tried again now and then, not at each commit', async () => {
  const world = new SimulatedWorld(5);
  let isOpen = false;
  let isFailing = true;
  let readCount = 0;
  world.faults.faultWhen(({ kind, path }) => {
    isOpen ||= kind === 'space'; // of what opening asks, the last
    if (!isOpen || kind !== 'read' || !path.startsWith('log/')) return undefined;
    readCount++;
    return isFailing ? { is: 'refused', errno: 'EIO' } : undefined;
  });
  const none = await world.run(openStoreOn(world, { hashThreadsMax: 0, segmentBytes: 1024 ** 2 }));
  await world.run(none.createBucket(bucket));
  await world.run(none.setBucketConfiguration(bucket, 'notification', wishes()));
  for (let at = 0; at < 20; at++) await world.run(none.put(bucket, `k${at}`, Buffer.alloc(60_000)));
  await world.run(none.close());
  isOpen = false;
  const listener = new Listener();
  let toldCount = 0;
  const store = await open(world, listener, () => {
    toldCount++;
  });
  for (let at = 0; at < 50; at++) await world.run(store.put(bucket, `later${at}`, body));
  assert.equal([toldCount, listener.heard], [1, []]);
  assert.ok(readCount < 10, `${readCount} reads`);
  isFailing = false;
  await world.advance(60_000);
  assert.is(listener.heard.length, 70);
  await world.run(store.close());
});

it('what are no notifications is refused', async () => {
  const world = new SimulatedWorld(1);
  const store = await aStore(world, new Listener());
  for (const text of ['', '[]', '{}', '[1]', '[{}]', wishes({ events: ['s3:Nothing'] })]) {
    const set = store.setBucketConfiguration(bucket, 'notification', text);
    await world.run(failsWith('INVALID_ARGUMENT', set));
  }
  await world.run(store.close());
});

it.run();
