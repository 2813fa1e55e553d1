import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openStoreOn } from '../../../src/store/store.js';
import type { Store } from '../../../src/store/types.js';
import { failsWith } from '../../conformance/store-words.js';
import { idle } from '../../sim/log-script.js';
import { SimulatedWorld } from '../../sim/simulated-host.js';

const it = suite('access in the log');
const body = Buffer.from('body');
const options = { hashThreadsMax: 0, segmentBytes: 1024 ** 2 } as const;

async function seen(store: Store) {
  const { access } = store;
  const users = await access.documents('user');
  const policies = await access.documents('policy');
  const { owner, document } = access.ofBucket('bucket');
  return {
    users: users.map(({ name, value }) => [name, value]),
    policies: policies.map(({ name, value }) => [name, value]),
    bucket: [owner, document('policy'), document('ownership-controls')],
    acls: [
      (await access.objectAcl('bucket', 'from-the-put')).acl,
      (await access.objectAcl('bucket', 'set')).acl,
      (await access.objectAcl('bucket', 'taken-back')).acl,
    ],
  };
}

const expected = {
  users: [
    ['alice', '{"n":2}'],
    ['bob', '{}'],
  ],
  policies: [['alice', '{"Version":"2012-10-17"}']],
  bucket: ['o'.repeat(64), '{"Statement":[]}', 'ObjectWriter'],
  acls: ['\nREAD group=AllUsers\n', 'owner\n', null],
};

async function fill(world: SimulatedWorld): Promise<Store> {
  const store = await openStoreOn(world, options);
  const { access } = store;
  const configurations = { 'ownership-controls': 'ObjectWriter' };
  await store.createBucket('bucket', { owner: 'o'.repeat(64), configurations });
  await store.setBucketConfiguration('bucket', 'policy', '{"Statement":[]}');
  await access.setDocument('user', 'alice', '{"n":1}');
  await access.setDocument('user', 'bob', '{}');
  await access.setDocument('user', 'carol', '{}');
  await access.setDocument('policy', 'alice', '{"Version":"2012-10-17"}');
  await access.setDocument('user', 'alice', '{"n":2}');
  await access.setDocument('user', 'carol', null);
  const [acl] = expected.acls;
  await store.put('bucket', 'from-the-put', body, { acl: acl ?? null });
  for (const key of ['set', 'taken-back']) await store.put('bucket', key, body);
  await access.setObjectAcl('bucket', 'set', 'owner\n');
  await access.setObjectAcl('bucket', 'taken-back', 'owner\n');
  await access.setObjectAcl('bucket', 'taken-back', null);
  return store;
}

for (const [how, end] of [
  ['is closed', (world: SimulatedWorld, store: Store) => world.run(store.close())],
  ['is killed', (world: SimulatedWorld) => world.run(idle(world, 100))],
] as const)
  it(`users, policies, owners and grants are there when the store ${how} and opened`, async () => {
    const world = new SimulatedWorld(1);
    const store = await world.run(fill(world));
    assert.equal(await world.run(seen(store)), expected);
    await end(world, store);
    const later = world.crash(1, 'kill');
    const opened = await later.run(openStoreOn(later, options));
    assert.equal(await later.run(seen(opened)), expected);
    await later.run(opened.close());
  });

it('compaction keeps what was said last, and brings nobody back', async () => {
  const world = new SimulatedWorld(2);
  const store = await world.run(fill(world));
  await world.run(
    (async () => {
      const large = Buffer.alloc(300_000, 'x');
      for (let count = 0; count < 12; count++) await store.put('bucket', 'filler', large);
      await store.compact({ all: true });
      await store.access.setDocument('user', 'bob', null);
      for (let count = 0; count < 8; count++) await store.put('bucket', 'filler', large);
      const { rewrittenSegmentCount } = await store.compact({ all: true });
      assert.ok(rewrittenSegmentCount > 0);
    })(),
  );
  const before = await world.run(store.indexDigest());
  await world.run(idle(world, 100));
  const later = world.crash(2, 'kill');
  const opened = await later.run(openStoreOn(later, options));
  assert.equal(await later.run(opened.indexDigest()), before);
  const { users } = expected;
  assert.equal(await later.run(seen(opened)), { ...expected, users: users.slice(0, 1) });
  await later.run(opened.close());
});

it('names and documents that are none are refused, and saying the same again is nothing', async () => {
  const world = new SimulatedWorld(3);
  const store = await world.run(fill(world));
  const { access } = store;
  for (const name of ['', 'a/b', 'a b', 'ä', 'n'.repeat(129), '\n'])
    await world.run(failsWith('INVALID_ARGUMENT', access.setDocument('user', name, '{}')));
  for (const value of ['', 'x'.repeat(64 * 1024 + 1)])
    await world.run(failsWith('INVALID_ARGUMENT', access.setDocument('user', 'dora', value)));
  await world.run(
    failsWith('INVALID_ARGUMENT', access.setObjectAcl('bucket', 'set', 'x'.repeat(16 * 1024 + 1))),
  );
  await world.run(failsWith('NO_SUCH_KEY', access.setObjectAcl('bucket', 'nothing', 'x')));
  const before = await world.run(store.indexDigest());
  await world.run(access.setDocument('user', 'bob', '{}'));
  await world.run(access.setDocument('user', 'nobody', null));
  assert.equal(await world.run(store.indexDigest()), before);
  await world.run(store.close());
});

it('of two who change one document at once, the later one stays', async () => {
  const world = new SimulatedWorld(4);
  const store = await world.run(fill(world));
  const values = ['{"n":3}', '{"n":4}', null, '{"n":5}'];
  await world.run(
    Promise.all(values.map((value) => store.access.setDocument('user', 'alice', value))),
  );
  const users = await world.run(store.access.documents('user'));
  assert.equal(
    users.map(({ name, value }) => [name, value]),
    [
      ['alice', '{"n":5}'],
      ['bob', '{}'],
    ],
  );
  await world.run(store.close());
});

it('tags and locks stay when the grants are changed', async () => {
  const world = new SimulatedWorld(5);
  const store = await world.run(fill(world));
  await world.run(store.setTags('bucket', 'set', { a: '1' }));
  await world.run(store.access.setObjectAcl('bucket', 'set', 'other\n'));
  assert.equal((await world.run(store.getTags('bucket', 'set'))).tags, { a: '1' });
  await world.run(store.setTags('bucket', 'set', {}));
  assert.is((await world.run(store.access.objectAcl('bucket', 'set'))).acl, 'other\n');
  await world.run(store.close());
});

it.run();
