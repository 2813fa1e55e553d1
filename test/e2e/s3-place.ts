import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { signRequest } from '../../src/auth/sign.js';
import { loadConfig } from '../../src/config.js';
import { startServer } from '../../src/server.js';
import { temporaryDirectory } from '../unit/host/temporary-directory.js';
import { ledgerEnvironment } from './logstore-process.js';

export const credentials = { accessKeyId: 'TESTROOTKEY', secretAccessKey: 'a-secret-of-the-tests' };

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface RawRequest {
  readonly method: string;
  /** As it goes over the wire, with its query. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** The value of x-amz-content-sha256. */
  readonly payload?: string;
  readonly timeMs?: number;
  readonly accessKeyId?: string;
  readonly secret?: string;
}

/** A server of its own on a store of its own, and clients for it. */
export interface S3Place extends AsyncDisposable {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly client: S3Client;
  /** Where its store lies. */
  readonly directory: string;
  /** Every line logged so far. */
  readonly log: readonly LogLine[];
  newClient(config: Partial<S3ClientConfig>): S3Client;
  /** The headers that sign a request, besides those given. */
  sign(request: RawRequest): Record<string, string>;
  /** Signs and sends a request whose target is not touched by any URL parser. */
  send(request: RawRequest): Promise<Answer>;
  /** Sends a request as it is. */
  sendUnsigned(request: RawRequest): Promise<Answer>;
  /** Sends bytes on a connection of their own; the answer is all that comes until it closes. */
  exchange(bytes: string | Uint8Array): Promise<string>;
  close(): Promise<void>;
}

export type LogLine = Readonly<Record<string, unknown>>;

/** Opens a place; `settings` are options of `serve` by their keys. */
export async function s3Place(settings: Readonly<Record<string, string>> = {}): Promise<S3Place> {
  const directory = temporaryDirectory();
  const log: LogLine[] = [];
  const keep = (fields: object, message: string) => log.push({ ...fields, message });
  const config = loadConfig({
    flags: {
      ...{ dir: directory.path, port: '0', reserveSize: '0' },
      encryptionKeyFile: `${directory.path}/keys.json`, // so that nothing is left beside it
      ...settings,
    },
    environment: {
      ...ledgerEnvironment,
      LOGSTORE_ACCESS_KEY: credentials.accessKeyId,
      LOGSTORE_SECRET_KEY: credentials.secretAccessKey,
    },
  });
  const server = await startServer(config, { info: keep, warn: keep, error: keep });
  const { host, port } = new URL(server.url);
  const clients: S3Client[] = [];
  const newClient = (over: Partial<S3ClientConfig>) => {
    const client = new S3Client({
      endpoint: server.url,
      region: config.region,
      forcePathStyle: true,
      credentials,
      ...over,
    });
    clients.push(client);
    return client;
  };
  const sign = (request: RawRequest) => signedHeaders(host, config.region, request);
  const sendUnsigned = (request: RawRequest) =>
    sendRaw(Number(port), { host, ...request.headers }, request);
  const close = async () => {
    for (const client of clients) client.destroy();
    await server.close();
    directory[Symbol.dispose]();
  };
  return {
    url: server.url,
    host,
    port: Number(port),
    client: newClient({}),
    directory: directory.path,
    log,
    newClient,
    sign,
    send: (request) => sendRaw(Number(port), sign(request), request),
    sendUnsigned,
    exchange: (bytes) => exchangeRaw(Number(port), bytes),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function signedHeaders(host: string, region: string, request: RawRequest): Record<string, string> {
  const { method, target, headers = {}, body, payload = 'UNSIGNED-PAYLOAD' } = request;
  const question = target.indexOf('?');
  const rawPath = question === -1 ? target : target.slice(0, question);
  const rawQuery = question === -1 ? '' : target.slice(question + 1);
  const length = body === undefined ? undefined : String(Buffer.byteLength(body));
  const own: Record<string, string> = { host, ...headers };
  if (length !== undefined) own['content-length'] ??= length;
  const signed = signRequest({ method, rawPath, rawQuery, headers: own }, payload, {
    credentials: {
      accessKeyId: request.accessKeyId ?? credentials.accessKeyId,
      secret: request.secret ?? credentials.secretAccessKey,
    },
    region,
    timeMs: request.timeMs ?? Date.now(),
  });
  return { ...own, ...signed.headers };
}

function sendRaw(
  port: number,
  headers: Readonly<Record<string, string>>,
  { method, target, body, headers: own }: RawRequest,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        port,
        host: '127.0.0.1',
        method,
        path: target,
        headers: { ...own, ...headers },
        agent: false,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
          }),
        );
      },
    );
    request.on('error', reject);
    // Node writes a header together with a string in the string's encoding, and so spoils Latin-1.
    request.end(body === undefined ? undefined : Buffer.from(body));
  });
}

function exchangeRaw(port: number, bytes: string | Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.setEncoding('latin1');
    socket.on('data', (text) => {
      answer += text;
    });
    socket.on('error', () => {}); // a reset ends the answer as well
    socket.on('close', () => resolve(answer));
    socket.write(bytes);
  });
}

/** A connection whose other end is to be watched. */
export interface Line {
  readonly socket: Socket;
  /** Resolves once what has come so far matches. Rejects when it closes before. */
  heard(pattern: RegExp): Promise<string>;
  readonly closed: Promise<void>;
}

export function openLine(port: number): Line {
  const socket = connect(port, '127.0.0.1');
  let heard = '';
  const listeners = new Set<() => void>();
  socket.setEncoding('latin1');
  socket.on('data', (text) => {
    heard += text;
    for (const listener of listeners) listener();
  });
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return {
    socket,
    closed,
    heard: (pattern) =>
      new Promise((resolve, reject) => {
        const listen = () => {
          if (!pattern.test(heard)) return;
          listeners.delete(listen);
          resolve(heard);
        };
        listeners.add(listen);
        void closed.then(() => reject(new Error(`closed after ${JSON.stringify(heard)}`)));
        listen();
      }),
  };
}

/** The head of a request with these headers. */
export function headOf(
  { method, target }: Pick<RawRequest, 'method' | 'target'>,
  headers: Readonly<Record<string, string>>,
): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** The code of an error document. */
export function codeOf({ body }: Answer): string | undefined {
  return /<Code>([^<]+)<\/Code>/.exec(body.toString())?.[1];
}

/** The name under which an SDK call fails, which is S3's code. */
export async function failureOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Error) return error.name;
    throw error;
  }
  throw new Error('the call did not fail');
}
