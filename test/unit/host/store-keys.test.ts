import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hex } from '../../../src/encryption/key-ring.js';
import { nodeHost } from '../../../src/host/node-host.js';
import { openStoreKeys } from '../../../src/store-keys.js';
import { temporaryDirectory } from './temporary-directory.js';

const keys = suite('the key file of a store');
const { random } = nodeHost('.');

for (const round of [1, 2, 3, 4, 5, 6, 7, 8])
  keys(`of two who make the first key both have the one that stands there, ${round}`, async () => {
    using folder = temporaryDirectory();
    const path = `${folder.path}/keys.json`;
    const [server, another] = [
      await openStoreKeys(path, random),
      await openStoreKeys(path, random),
    ];
    const made = await Promise.all([server.make(), another.make(), server.make()]);
    const ids = new Set(made.map(({ id }) => hex(id)));
    assert.is(ids.size, 1);
    assert.equal((await openStoreKeys(path, random)).ids(), [...ids]);
  });

keys('a key that is made while an operator adds one is not lost', async () => {
  using folder = temporaryDirectory();
  const path = `${folder.path}/keys.json`;
  const server = await openStoreKeys(path, random);
  const operator = await openStoreKeys(path, random);
  const [used, added] = await Promise.all([server.make(), operator.rotate()]);
  const standing = (await openStoreKeys(path, random)).ids();
  for (const { id } of [used, added]) assert.ok(standing.includes(hex(id)));
  await server.reload();
  assert.equal(server.ids(), standing);
  assert.match(readFileSync(path, 'utf8'), hex(used.id));
});

keys('who asks for a first key behind others gets theirs', async () => {
  using folder = temporaryDirectory();
  const ring = await openStoreKeys(`${folder.path}/keys.json`, random);
  const first = await ring.make();
  assert.is(await ring.make(), first);
  assert.is(ring.ids().length, 1);
});

keys.run();
