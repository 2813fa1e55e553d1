/**
 * Asks a server as fast as it answers: requests signed beforehand, one at a time on each of many
 * connections, answers read just enough to know where they end. In a process of its own.
 * Argument: `user` to sign as one, else root signs.
 */
import { hash, randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { answerQuestions, figureOf } from './other-process.js';
import { quantile } from './rounds.js';
import { bucket, credentials, signedHead, userCredentials } from './signed-request.js';

interface PreparedRequest {
  readonly head: Buffer;
  readonly body: Buffer | undefined;
}

/** A small body goes out with its head, in one piece. */
const joinedBytesMax = 64 * 1024;

const encryptionDocument =
  '<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>' +
  '<SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule>' +
  '</ServerSideEncryptionConfiguration>';

const versioningDocument =
  '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>';

const lockDocument =
  '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule>' +
  '<DefaultRetention><Mode>GOVERNANCE</Mode><Days>1</Days></DefaultRetention></Rule>' +
  '</ObjectLockConfiguration>';

const signer = process.argv[2] === 'user' ? userCredentials : credentials;

let puts: readonly PreparedRequest[] = [];
let gets: readonly PreparedRequest[] = [];

answerQuestions({
  prepare(figures) {
    const sizeBytes = figureOf(figures, 'sizeBytes');
    const paths = Array.from({ length: figureOf(figures, 'keys') }, (_, i) => `/${bucket}/${i}`);
    const body = randomFillSync(Buffer.alloc(sizeBytes));
    const sha256 = hash('sha256', body);
    puts = paths.map((path) => {
      const head = signedHead('PUT', path, { sha256, sizeBytes }, signer);
      const isJoined = sizeBytes <= joinedBytesMax;
      return isJoined ? { head: Buffer.concat([head, body]), body: undefined } : { head, body };
    });
    gets = paths.map((path) => {
      return { head: signedHead('GET', path, undefined, signer), body: undefined };
    });
    return {};
  },
  async createBucket(figures) {
    const empty = { sha256: hash('sha256', ''), sizeBytes: 0 };
    const request = { head: signedHead('PUT', `/${bucket}`, empty), body: undefined };
    await load(figureOf(figures, 'port'), 1, 1, [request]);
    return {};
  },
  encryptBucket: (figures) => configure(figures, 'encryption', encryptionDocument),
  versionBucket: (figures) => configure(figures, 'versioning', versioningDocument),
  lockBucket: (figures) => configure(figures, 'object-lock', lockDocument),
  put: (figures) => loadWith(puts, figures),
  get: (figures) => loadWith(gets, figures),
});

async function configure(figures: Record<string, number>, what: string, document: string) {
  const body = Buffer.from(document);
  const head = signedHead('PUT', `/${bucket}?${what}=`, {
    sha256: hash('sha256', body),
    sizeBytes: body.length,
  });
  await load(figureOf(figures, 'port'), 1, 1, [{ head, body }]);
  return {};
}

function loadWith(requests: readonly PreparedRequest[], figures: Record<string, number>) {
  const [port, connections] = [figureOf(figures, 'port'), figureOf(figures, 'connections')];
  return load(port, connections, figureOf(figures, 'requests'), requests);
}

async function load(
  port: number,
  connections: number,
  count: number,
  requests: readonly PreparedRequest[],
) {
  const sockets = Array.from({ length: connections }, () => connect({ port, noDelay: true }));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  const latenciesMs = new Float64Array(count);
  let next = 0;
  const startedMs = performance.now();
  await Promise.all(
    sockets.map(async (socket) => {
      const line = new Line(socket);
      while (next < count) {
        const index = next++;
        const request = requests[index % requests.length];
        if (request === undefined) throw new Error('nothing is prepared');
        const askedMs = performance.now();
        await line.exchange(request);
        latenciesMs[index] = performance.now() - askedMs;
      }
    }),
  );
  const seconds = (performance.now() - startedMs) / 1000;
  for (const socket of sockets) socket.destroy();
  return {
    perSecond: count / seconds,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
  };
}

/** One connection, with one request at a time under way. */
class Line {
  #head: Buffer | undefined;
  #bodyBytesLeft = 0;
  #done: ((error?: Error) => void) | undefined;

  constructor(private readonly socket: Socket) {
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('close', () => this.#done?.(new Error('the server has closed the connection')));
    socket.on('error', (error) => this.#done?.(error));
  }

  exchange({ head, body }: PreparedRequest): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#done = (error) => (error === undefined ? resolve() : reject(error));
      this.socket.write(head);
      if (body !== undefined) this.socket.write(body);
    });
  }

  #read(chunk: Buffer): void {
    if (this.#bodyBytesLeft > 0) {
      this.#bodyBytesLeft -= chunk.length;
    } else {
      const head = this.#head === undefined ? chunk : Buffer.concat([this.#head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      this.#head = end === -1 ? head : undefined;
      if (end === -1) return;
      const text = head.toString('latin1', 0, end);
      if (!text.startsWith('HTTP/1.1 200')) {
        this.#done?.(new Error(`the server answers: ${head.toString()}`));
        return;
      }
      const lengthBytes = Number(/content-length: (\d+)/i.exec(text)?.[1]);
      this.#bodyBytesLeft = lengthBytes - (head.length - end - 4);
    }
    if (this.#bodyBytesLeft === 0) this.#done?.();
  }
}
