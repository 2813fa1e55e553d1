/** Keeps a ledger of a store of its own, proves what is in it, and checks the proofs. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from 'logstore-s3';
import { verifyKeySet, verifyObjectProof } from 'logstore-s3/verify';

const dir = await mkdtemp(join(tmpdir(), 'logstore-example-'));
const store = await openStore({ dir, ledger: 'on' });
const { ledger } = store;
assert.ok(ledger);

await store.createBucket('deeds');
await store.put('deeds', 'house.pdf', Buffer.from('sold to Ada'));
// A block comes every ten seconds anyway; this asks for one now.
const { size, origin } = await ledger.seal();
console.log(`${size} block in the log of ${origin}`);

// What whoever checks proofs needs from its operator, once: here it is taken from the log itself.
const keys = await ledger.keys();
const vkey = /^key (\S+)/m.exec(keys)?.[1] ?? '';
assert.ok(verifyKeySet(keys, { keys: [vkey] }).isProven);

const deed = await ledger.prove({ claim: 'current', bucket: 'deeds', key: 'house.pdf' });
const verdict = verifyObjectProof(deed, { keys: [vkey] });
assert.ok(verdict.isProven);
const { head, record, block } = verdict.proven;
console.log(
  `proven: ${head.object[0]?.join('/')}, ${record?.size} bytes, in block ${block.height}`,
);

const none = await ledger.prove({ claim: 'absent', bucket: 'deeds', key: 'boat.pdf' });
assert.ok(verifyObjectProof(none, { keys: [vkey] }).isProven);

// One letter of it changed, and it proves nothing.
const forged = verifyObjectProof(deed.replace('house', 'horse'), { keys: [vkey] });
assert.ok(!forged.isProven);
console.log(`not proven: ${forged.check}: ${forged.reason}`);

await store.close();
await rm(dir, { recursive: true });
