import { constants, setPriority } from 'node:os';
import { basename, dirname, resolve } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { isLogStoreError } from '../base/errors.js';
import { invariant } from '../base/invariant.js';
import { nodeHost } from '../host/node-host.js';
import { decodeVkey, signatureTypes } from '../ledger/note.js';
import { openSealer } from '../ledger/open-sealer.js';
import type { SealerLink } from '../ledger/sealer-link.js';
import type {
  SealerCall,
  SealerMessage,
  SealerReply,
  SealerWorkerData,
  WitnessAddress,
} from '../ledger/sealer-thread.js';
import { WitnessClient } from '../ledger/witness-client.js';
import { ledgerSecrets, secretsToRotateTo } from '../ledger-key.js';

/** Seals the ledger of a store for the thread that has it open. Anything unexpected ends it. */

const port = parentPort;
invariant(port !== null, 'this file runs as a worker thread');
const given = workerData as SealerWorkerData;
const witnessTimeoutMs = 10_000;
let sealer: SealerLink | undefined;

port.on('message', (message: SealerMessage) => {
  if (message.is === 'commits') sealer?.take(message.bytes);
  else void answer(message.number, message.call);
});

async function answer(number: number, call: SealerCall): Promise<void> {
  let reply: Omit<SealerReply, 'standing'>;
  try {
    reply = { number, value: await done(call) };
  } catch (error) {
    if (!isLogStoreError(error)) throw error;
    reply = { number, error: { code: error.code, message: error.message } };
  }
  port?.postMessage({ ...reply, standing: sealer?.standing } satisfies SealerReply);
}

async function done(call: SealerCall): Promise<unknown> {
  if (call.do === 'open') return await open();
  invariant(sealer !== undefined, 'it is opened first');
  switch (call.do) {
    case 'seal':
      await sealer.seal(call.through, call.heartbeat);
      return undefined;
    case 'prove':
      return await sealer.prove(call.request);
    case 'block':
      return await sealer.block(call.height);
    case 'changes':
      return await sealer.changes(call.height, call.from);
    case 'pruned':
      return await sealer.pruned(call.from);
    case 'consistency':
      return await sealer.consistency(call.older, call.newer);
    case 'keys':
      return await sealer.keys();
    case 'keysAt':
      return await sealer.keysAt(call.height);
    case 'rotate':
      return await sealer.rotate(call.plan);
    case 'close':
      return await sealer[Symbol.asyncDispose]();
  }
}

/**
 * Where processors are short, whoever writes goes first: on Linux this is of the thread that calls
 * it. Only when the store has been opened, so that the threads of file calls, which all share, are
 * there by then and do not inherit it.
 */
function stepBack(): void {
  try {
    setPriority(constants.priority.PRIORITY_LOW);
  } catch (error) {
    if (!(error instanceof Error && 'errno' in error)) throw error; // not allowed here
  }
}

async function open(): Promise<void> {
  stepBack();
  const host = nodeHost(given.directory);
  const keyFile = { path: given.keyPath, isOwn: given.keyIsOwn };
  const secrets = await ledgerSecrets(keyFile, host.random);
  const place = resolve(given.highWaterPath);
  const highWater = { disk: nodeHost(dirname(place)).disk, path: basename(place) };
  const ports = { fetch, clock: host.clock, timeoutMs: witnessTimeoutMs };
  const witnesses = given.witnesses.map(({ vkey, url }: WitnessAddress) => {
    return new WitnessClient(decodeVkey(vkey, signatureTypes.witness), url, ports);
  });
  sealer = await openSealer(host, {
    ...{ secrets, highWater, witnesses },
    secretsToRotateTo: (isKnown) => secretsToRotateTo(keyFile, host.random, isKnown),
  });
  sealer.onChange = (standing) => port?.postMessage({ number: 0, standing } satisfies SealerReply);
}
