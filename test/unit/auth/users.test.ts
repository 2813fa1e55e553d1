import { randomBytes } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { IpRange } from '../../../src/auth/ip-range.js';
import { verdictOf } from '../../../src/auth/policy-decision.js';
import { SecretBox, type SecretKeys } from '../../../src/auth/secret-box.js';
import { type AccessDocuments, Users } from '../../../src/auth/users.js';
import { isLogStoreError, LogStoreError } from '../../../src/base/errors.js';
import { openUsers } from '../../../src/open-users.js';
import { failureOf } from '../../failure-of.js';
import { question } from './policy-words.js';

const it = suite('users');

const random = { bytes: (count: number) => new Uint8Array(randomBytes(count)) };
const root = { accessKeyId: 'ROOT', secretAccessKey: 'root-secret' };

function keyOf(letter: string) {
  return { id: Buffer.alloc(8, letter), key: Buffer.alloc(32, letter) };
}

/** A key file in memory, with these keys; the last one is current. */
function keysOf(...letters: readonly string[]): SecretKeys {
  const keys = letters.map(keyOf);
  return {
    place: 'memory',
    get current() {
      return keys.at(-1);
    },
    find: (id) => keys.find((each) => Buffer.compare(each.id, id) === 0),
    make: async () => {
      const made = keyOf('m');
      keys.push(made);
      return made;
    },
  };
}

/** A store's documents in memory. */
class Documents implements AccessDocuments {
  readonly all = new Map<string, string>();
  fails = false;

  async documents(kind: 'user' | 'policy') {
    return [...this.all]
      .filter(([id]) => id.startsWith(`${kind}/`))
      .map(([id, value]) => ({ name: id.slice(kind.length + 1), value }));
  }

  async setDocument(kind: 'user' | 'policy', name: string, value: string | null) {
    if (this.fails) throw new LogStoreError('READ_ONLY', 'the store is read-only');
    if (value === null) this.all.delete(`${kind}/${name}`);
    else this.all.set(`${kind}/${name}`, value);
  }
}

function open(documents: AccessDocuments, keys = keysOf('a')): Promise<Users> {
  const host = { clock: { nowUnixMs: () => 1_700_000_000_000 }, random };
  return Users.open({
    documents,
    root: { ...root, id: 'f'.repeat(64), displayName: 'root' },
    secretBox: new SecretBox(keys, random),
    random,
    nowUnixMs: host.clock.nowUnixMs,
  });
}

it('secrets are open again after a restart, under the key that they were sealed with', async () => {
  const documents = new Documents();
  const { credentials } = await (await open(documents, keysOf('a'))).add({ name: 'alice' });
  const { secretAccessKey, accessKeyId } = credentials;
  assert.not.match(JSON.stringify([...documents.all]), secretAccessKey);
  const later = await open(documents, keysOf('a', 'b'));
  assert.is(later.directory.signer(accessKeyId)?.secret, secretAccessKey);
  assert.is(later.directory.signer(accessKeyId)?.principal.name, 'alice');
  assert.is(later.directory.signer('ROOT')?.principal.is, 'root');
});

it('a key that is missing or another one is an error, and never another secret', async () => {
  const documents = new Documents();
  await (await open(documents)).add({ name: 'alice' });
  for (const keys of [keysOf(), keysOf('b')]) {
    const error = await failureOf(open(documents, keys));
    assert.ok(isLogStoreError(error, 'INVALID_ARGUMENT'), String(error));
    assert.match(error.message, "user 'alice'");
  }
  const alien = { ...keysOf('a'), find: () => ({ ...keyOf('a'), key: Buffer.alloc(32, 'z') }) };
  assert.ok(isLogStoreError(await failureOf(open(documents, alien)), 'INVALID_ARGUMENT'));
});

it('a sealed secret opens for no other user and no other access key', async () => {
  const box = new SecretBox(keysOf('a'), random);
  const sealed = await box.seal('alice', 'KEY', 'secret');
  assert.is(box.open('alice', 'KEY', sealed), 'secret');
  assert.is.not(await box.seal('alice', 'KEY', 'secret'), sealed);
  assert.throws(() => box.open('bob', 'KEY', sealed), /user 'bob'/);
  assert.throws(() => box.open('alice', 'OTHER', sealed), /user 'alice'/);
  const bytes = Buffer.from(sealed, 'base64');
  for (let at = 0; at < bytes.length; at++) {
    const flipped = Buffer.from(bytes);
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    assert.throws(() => box.open('alice', 'KEY', flipped.toString('base64')), /user 'alice'/);
  }
  for (const short of ['', 'AAAA', bytes.subarray(0, 30).toString('base64')])
    assert.throws(() => box.open('alice', 'KEY', short), /user 'alice'/);
});

it('a change that the store does not take changes nobody', async () => {
  const documents = new Documents();
  const users = await open(documents);
  const { credentials } = await users.add({ name: 'alice', policies: ['readonly'] });
  documents.fails = true;
  const before = users.list();
  for (const change of [
    () => users.add({ name: 'bob' }),
    () => users.change('alice', { enabled: false }),
    () => users.rotate('alice', {}),
    () => users.attach('alice', 'readwrite'),
    () => users.remove('alice'),
    () => users.setPolicy('mine', '{"Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}'),
  ])
    assert.ok(isLogStoreError(await failureOf(change()), 'READ_ONLY'));
  assert.equal(users.list(), before);
  assert.is(users.directory.signer(credentials.accessKeyId)?.principal.policies.length, 1);
  documents.fails = false;
  await users.change('alice', { enabled: false });
  assert.is(users.directory.signer(credentials.accessKeyId), undefined);
});

it('of many who change a user at once, none undoes what others did', async () => {
  const users = await open(new Documents());
  await users.add({ name: 'alice' });
  await Promise.all([
    users.attach('alice', 'readonly'),
    users.attach('alice', 'writeonly'),
    users.change('alice', { displayName: 'Alice' }),
    users.rotate('alice', { keepOld: true }),
  ]);
  const { policies, displayName, keys } = users.user('alice');
  assert.equal([policies, displayName, keys.length], [['readonly', 'writeonly'], 'Alice', 2]);
});

it('a policy that cannot be read any more denies everything to who has it', async () => {
  const documents = new Documents();
  const { credentials } = await (await open(documents)).add({ name: 'alice' });
  await (await open(documents)).attach('alice', 'readwrite');
  const users = await open(documents);
  await users.setPolicy('later', '{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}');
  await users.attach('alice', 'later');
  documents.all.set('policy/later', '{"Version":"2038-01-19"}');
  const signer = (await open(documents)).directory.signer(credentials.accessKeyId);
  const verdicts = signer?.principal.policies.map((each) => verdictOf(each, question({})));
  assert.equal(verdicts, ['allowed', 'denied']);
});

it('where damage leaves open who the users are, root alone can sign', async () => {
  const uncertain = new LogStoreError('UNCERTAIN', 'record 7 is damaged');
  const refusing: AccessDocuments = {
    documents: () => Promise.reject(uncertain),
    setDocument: () => Promise.reject(uncertain),
  };
  const warnings: string[] = [];
  const users = await openUsers({
    ...{ store: { access: refusing }, root, keys: keysOf() },
    host: {
      clock: {
        nowUnixMs: () => 0,
        monotonicMs: () => 0,
        after: () => ({ cancel: () => {} }),
        wait: async () => {},
      },
      random,
    },
    warn: (message) => warnings.push(message),
  });
  assert.is(users.directory.signer('ROOT')?.principal.is, 'root');
  assert.equal(users.list(), []);
  assert.is(warnings.length, 1);
  assert.ok(isLogStoreError(await failureOf(users.add({ name: 'bob' })), 'UNCERTAIN'));
});

it('ranges of addresses are read strictly', () => {
  for (const text of ['', 'x', '10.0.0.0/33', '10.0.0/8', '10.0.0.0/8/8', '10.0.0.0/-1', '::/129'])
    assert.is(IpRange.parse(text), undefined, text);
  assert.is(IpRange.parse('::/0')?.isBroad, true);
  assert.is(IpRange.parse('10.0.0.0/8')?.has('not an address'), false);
});

it.run();
