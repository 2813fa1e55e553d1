import { once } from 'node:events';
import { join } from 'node:path';
import { LogStoreError } from '../src/base/errors.js';
import { nodeHost } from '../src/host/node-host.js';
import { createPrivateFile, readPrivateFile } from '../src/host/private-file.js';
import { decodeSecretKey, ed25519Signer, encodeSecretKey } from '../src/ledger/ed25519-signer.js';
import { encodeVkey, signatureTypes } from '../src/ledger/note.js';
import type { CheckpointSigner } from '../src/ledger/sign-checkpoint.js';
import { Witness } from '../src/witness/witness.js';
import { createWitnessServer } from '../src/witness/witness-server.js';
import { serverLog } from './server-log.js';
import { aborted, stopSignals } from './stop-signals.js';
import { asArgument, parseLogKey } from './trusted-keys.js';

export interface WitnessArguments {
  readonly dir: string;
  /** The witness's name; may be left out once there is a key. */
  readonly name: string | undefined;
  /** Keys of the logs to watch. */
  readonly logs: readonly string[];
  readonly host: string;
  readonly port: number;
}

/** Runs a witness until SIGTERM or SIGINT. */
export async function serveWitness(args: WitnessArguments): Promise<void> {
  const { dir, host, port } = args;
  const logger = serverLog('info');
  const stopped = stopSignals(logger);
  const node = nodeHost(dir);
  const signer = () => signerOf(args, node.random.bytes(32));
  const logs = args.logs.map((vkey) => parseLogKey(vkey));
  const holder = `logstore witness (process ${process.pid})`;
  await using witness = await Witness.open(node, { signer, logs, holder });
  const server = createWitnessServer(witness, logger);
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${bound}`;
  const vkey = encodeVkey(witness.key);
  logger.info({ url, vkey, logs: logs.map(({ name }) => name) }, 'listening');
  process.stderr.write(`witness at ${url}, to be trusted as ${vkey}\n`);
  await aborted(stopped);
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  await closed;
  logger.info({}, 'stopped');
}

/** The key of the directory; made at the first start. */
async function signerOf({ dir, name }: WitnessArguments, seed: Uint8Array) {
  const path = join(dir, 'key');
  const text = await readPrivateFile(path);
  if (text === undefined) {
    if (name === undefined) {
      throw new LogStoreError('INVALID_ARGUMENT', 'a new witness needs a --name: example.com/w1');
    }
    return await makeSigner(path, name, seed);
  }
  const signer = asArgument(path, "a witness's secret key", () =>
    decodeSecretKey(text, signatureTypes.witness),
  );
  if (name === undefined || name === signer.key.name) return signer;
  const message = `the witness in '${dir}' has the name '${signer.key.name}'`;
  throw new LogStoreError('INVALID_ARGUMENT', message);
}

async function makeSigner(path: string, name: string, seed: Uint8Array): Promise<CheckpointSigner> {
  const signer = asArgument(name, 'a name of a key: no spaces, no plus', () =>
    ed25519Signer(name, signatureTypes.witness, seed),
  );
  await createPrivateFile(path, encodeSecretKey(signer, seed));
  return signer;
}
