import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type People, type Person, peoplePlace } from './people.js';

const readers = suite('who may read proofs');

let at: People;
let reader: Person;
let stranger: Person;
readers.before(async () => {
  at = await peoplePlace({ ledger: 'on', ledgerInterval: '100ms' });
  reader = await at.person('reader', ['readonly']);
  stranger = await at.person('stranger');
  await at.send({ method: 'PUT', target: '/bucket' });
  const headers = { 'x-logstore-receipt': 'wait' };
  await at.send({ method: 'PUT', target: '/bucket/k', body: 'body', headers });
});
readers.after(() => at.close());

async function statusOf(query: string, person?: Person): Promise<number> {
  const target = `/_/ledger/proof?${query}`;
  if (person === undefined) return (await at.sendUnsigned({ method: 'GET', target })).status;
  const { accessKeyId, secretAccessKey: secret } = person;
  return (await at.send({ method: 'GET', target, accessKeyId, secret })).status;
}

readers('who may read an object may read proofs of it, nobody else', async () => {
  for (const query of ['bucket=bucket&key=k', 'bucket=bucket&claim=written&key=k']) {
    assert.is(await statusOf(query, reader), 200, query);
    assert.is(await statusOf(query, stranger), 403, query);
    assert.is(await statusOf(query), 403, query);
  }
});

readers('who may not list is not told that there is nothing to prove', async () => {
  const Statement = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' };
  await at.native('PUT', '/policies/get', { Version: '2012-10-17', Statement });
  const getter = await at.person('getter', ['get']);
  assert.is(await statusOf('bucket=bucket&key=k', getter), 200);
  for (const query of ['bucket=bucket&key=x', 'bucket=bucket&claim=written&key=x']) {
    assert.is(await statusOf(query, getter), 403, query);
    assert.is(await statusOf(query, reader), 404, query);
  }
});

readers('a listing is proved to who may list', async () => {
  const query = 'bucket=bucket&claim=listing&key=';
  assert.is(await statusOf(query, reader), 200);
  assert.is(await statusOf(query, stranger), 403);
});

readers('what shows a neighbour, or buckets themselves, is root’s alone', async () => {
  const queries = [
    'bucket=bucket&claim=absent&key=x',
    'bucket=bucket&claim=empty&key=x',
    'bucket=&key=bucket',
  ];
  for (const query of queries) {
    assert.is(await statusOf(query, reader), 403, query);
    const root = await at.send({ method: 'GET', target: `/_/ledger/proof?${query}` });
    assert.is(root.status, 200, query);
  }
  for (const path of ['', '/block/0/changes']) {
    const { accessKeyId, secretAccessKey: secret } = reader;
    const request = { method: 'GET', target: `/_/ledger${path}`, accessKeyId, secret };
    assert.is((await at.send(request)).status, 403, path);
  }
});

readers.run();
