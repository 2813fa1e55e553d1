import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeAddCheckpoint, sizeContentType } from '../../../src/ledger/add-checkpoint.js';
import { signatureTypes } from '../../../src/ledger/note.js';
import { encodeNote } from '../../../src/ledger/sign-checkpoint.js';
import { verifyCheckpoint } from '../../../src/ledger/verify.js';
import { WitnessClient, type WitnessPorts } from '../../../src/ledger/witness-client.js';
import { Witness } from '../../../src/witness/witness.js';
import { SimulatedWorld } from '../../sim/simulated-host.js';
import { VirtualClock } from '../../sim/virtual-clock.js';
import { logSigner, logVkey, shownLog, witnessSigner } from '../witness/watched-log.js';
import { nodeSigner } from './golden.js';

const it = suite('witness client');
const honest = shownLog();
const url = 'http://witness.example/prefix/';

interface Talk {
  readonly client: WitnessClient;
  /** The old size of each request. */
  readonly asked: number[];
}

type Reply = (body: string, signal: AbortSignal | null | undefined) => Promise<Response>;

function talkTo(reply: Reply, clock = new VirtualClock(0)): Talk {
  const asked: number[] = [];
  const fetch: WitnessPorts['fetch'] = async (target, init) => {
    assert.is(String(target), 'http://witness.example/prefix/add-checkpoint');
    assert.is(init?.method, 'POST');
    assert.is(init?.redirect, 'error');
    const body = String(init?.body);
    asked.push(decodeAddCheckpoint(body).oldSize);
    return reply(body, init?.signal);
  };
  const client = new WitnessClient(witnessSigner.key, url, { fetch, clock, timeoutMs: 1000 });
  return { client, asked };
}

async function withWitness(action: (reply: Reply) => Promise<void>): Promise<void> {
  const world = new SimulatedWorld(1);
  const options = { signer: async () => witnessSigner, logs: [logSigner.key], holder: 'the test' };
  const witness = await world.run(Witness.open(world, options));
  await action(async (body) => {
    const { status, contentType, text } = await world.run(witness.addCheckpoint(body));
    return new Response(text, { status, headers: { 'content-type': contentType } });
  });
  await world.run(witness.close());
}

const saying = (status: number, text: string, contentType = 'text/plain') =>
  talkTo(async () => new Response(text, { status, headers: { 'content-type': contentType } }));

it('gets cosignatures that verify, and knows after each what the witness has', async () => {
  await withWitness(async (reply) => {
    const { client, asked } = talkTo(reply);
    for (const size of [3, 3, 8, 300]) {
      const outcome = await client.cosign(honest.submission(size));
      assert.is(outcome.is, 'cosigned');
      if (outcome.is !== 'cosigned') return;
      const { signatures, text } = { text: honest.note(size), signatures: [outcome.signature] };
      const note = `${text}${encodeNote({ text: '', signatures }).slice(1)}`;
      const { name, id } = witnessSigner.key;
      assert.ok(note.includes(`\u2014 ${name} `) && outcome.signature.id === id);
      assert.ok(verifyCheckpoint(note, { keys: [logVkey] }).isProven);
    }
    assert.equal(asked, [0, 3, 3, 8]);
  });
});

it('takes the old size from a 409, after a restart of either side', async () => {
  await withWitness(async (reply) => {
    await talkTo(reply).client.cosign(honest.submission(8));
    const { client, asked } = talkTo(reply);
    assert.is((await client.cosign(honest.submission(20))).is, 'cosigned');
    assert.equal(asked, [0, 8]);
  });
});

it('faults 84: says when the witness has seen more of this log than there is', async () => {
  await withWitness(async (reply) => {
    await talkTo(reply).client.cosign(honest.submission(20));
    const { client } = talkTo(reply);
    const rolledBack = { is: 'rolled-back', size: 20 };
    assert.equal(await client.cosign(honest.submission(8)), rolledBack);
    assert.equal(await client.cosign(honest.submission(8)), rolledBack);
  });
});

it('faults 85: says when the witness has seen another history of this log', async () => {
  await withWitness(async (reply) => {
    await talkTo(reply).client.cosign(honest.submission(20));
    const fork = shownLog(5);
    assert.is((await talkTo(reply).client.cosign(fork.submission(20))).is, 'forked');
    assert.is((await talkTo(reply).client.cosign(fork.submission(30))).is, 'forked');
  });
});

it('takes a conflict over the size that was signed last for a fork, also without a size', async () => {
  await withWitness(async (reply) => {
    let isForked = false;
    const { client } = talkTo(async (body) => {
      return isForked ? new Response('', { status: 409 }) : await reply(body, undefined);
    });
    await client.cosign(honest.submission(8));
    isForked = true;
    assert.is((await client.cosign(shownLog(5).submission(8))).is, 'forked');
  });
});

it('takes no signature that is not by this witness over this checkpoint', async () => {
  const other = nodeSigner('0b'.repeat(32), witnessSigner.key.name, signatureTypes.witness);
  await withWitness(async (reply) => {
    const { text: ofOther } = await lineOf(reply, 7);
    const tooEarly = await talkTo(async () => new Response(ofOther)).client.cosign(
      honest.submission(8),
    );
    assert.is(tooEarly.is, 'unavailable');
  });
  for (const text of ['', '\n', 'hello\n', `\u2014 ${other.key.name} AAAAAAAA\n`]) {
    assert.is((await saying(200, text).client.cosign(honest.submission(8))).is, 'unavailable');
  }
});

it('passes over cosignatures of strangers beside its own', async () => {
  await withWitness(async (reply) => {
    const { text } = await lineOf(reply, 8);
    const both = `${text}\u2014 other.example/w2 ${'AAAA'.repeat(26)}\n`;
    const { client } = talkTo(async () => new Response(both));
    assert.is((await client.cosign(honest.submission(8))).is, 'cosigned');
  });
});

/** What a witness answers to the first checkpoint that it sees. */
async function lineOf(reply: Reply, size: number): Promise<{ text: string }> {
  const response = await reply(honest.request(0, size), undefined);
  assert.is(response.status, 200);
  return { text: await response.text() };
}

it('waits for no witness longer than it was told', async () => {
  const clock = new VirtualClock(0);
  const silent: Reply = (_, signal) =>
    new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => reject(new Error('aborted')));
      clock.fireNext();
    });
  const outcome = await talkTo(silent, clock).client.cosign(honest.submission(8));
  assert.equal(outcome, { is: 'unavailable', reason: 'no answer in time' });
});

it('bounds what a witness may say, and how often it may send it away', async () => {
  const endless = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(16 * 1024)),
  });
  const { client } = talkTo(async () => new Response(endless));
  assert.is((await client.cosign(honest.submission(8))).is, 'unavailable');

  let size = 0;
  const restless = talkTo(async () => {
    return new Response(`${++size}\n`, {
      status: 409,
      headers: { 'content-type': sizeContentType },
    });
  });
  assert.is((await restless.client.cosign(honest.submission(8))).is, 'unavailable');
  assert.equal(restless.asked, [0, 1, 2]);
});

it('tells refusals from failures', async () => {
  const outcomeOf = async (status: number, text: string, contentType?: string) =>
    await saying(status, text, contentType).client.cosign(honest.submission(8));
  assert.equal(await outcomeOf(404, 'unknown\n'), { is: 'refused', reason: '404 unknown' });
  assert.is((await outcomeOf(403, '')).is, 'refused');
  assert.is((await outcomeOf(500, '')).is, 'unavailable');
  assert.is((await outcomeOf(503, '')).is, 'unavailable');
  // A proxy's 409 is no size, whatever it says, nor a fork.
  assert.is((await outcomeOf(409, '3\n')).is, 'refused');
  assert.is((await outcomeOf(409, '1e9\n', sizeContentType)).is, 'refused');
  assert.equal(await outcomeOf(404, 'a\u001b[31m\n'), { is: 'refused', reason: '404 a[31m' });
  const { client } = talkTo(async () => {
    throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
  });
  const reason = 'fetch failed: connect ECONNREFUSED';
  assert.equal(await client.cosign(honest.submission(8)), { is: 'unavailable', reason });
});

it.run();
