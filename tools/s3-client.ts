import { createHash } from 'node:crypto';
import * as http from 'node:http';
import * as https from 'node:https';
import type { SignableRequest } from '../src/auth/canonical-request.js';
import type { Credentials } from '../src/auth/credentials.js';
import { encodePath, encodeQueryPart, signRequest } from '../src/auth/sign.js';
import { LogStoreError } from '../src/base/errors.js';
import { readXml, type XmlElement } from '../src/http/s3/xml-read.js';
import { answerError, readAnswer } from './s3-answer.js';

const IDLE_TIMEOUT_MS = 120_000; // a server that syncs a big part takes its time

export interface S3ClientOptions {
  readonly endpoint: URL;
  readonly region: string;
  /** Undefined: requests are not signed. */
  readonly credentials: Credentials | undefined;
}

export interface S3Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly bucket?: string;
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whole: its hash is signed, so that what arrives is what was sent. */
  readonly body?: Uint8Array;
}

/** Requests to one S3 endpoint, path style, over a few kept-alive connections. */
export class S3Client implements AsyncDisposable {
  readonly #options: S3ClientOptions;
  readonly #agent: http.Agent;
  readonly #send: typeof http.request;

  constructor(options: S3ClientOptions) {
    const secure = options.endpoint.protocol === 'https:';
    this.#options = options;
    this.#agent = secure
      ? new https.Agent({ keepAlive: true })
      : new http.Agent({ keepAlive: true });
    this.#send = secure ? https.request : http.request;
  }

  /**
   * @returns an answer of status 2xx, its body not read yet
   * @throws LogStoreError for every other; `IO` when the server cannot be reached
   */
  async request(request: S3Request): Promise<http.IncomingMessage> {
    const answer = await this.#exchange(request);
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300) return answer;
    throw answerError(request, status, await readAnswer(answer));
  }

  /** For answers whose body says nothing. */
  async command(request: S3Request): Promise<http.IncomingHttpHeaders> {
    const answer = await this.request(request);
    await readAnswer(answer);
    return answer.headers;
  }

  /** @param root the name of the element that the answer must be */
  async xml(request: S3Request, root: string): Promise<XmlElement> {
    const body = await readAnswer(await this.request(request));
    // Complete may fail after its 200 was sent: then the body is an error.
    if (/<Error[\s>]/.test(body.toString('utf8', 0, 256))) throw answerError(request, 500, body);
    return readXml(body, root);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
  }

  #exchange(request: S3Request): Promise<http.IncomingMessage> {
    const { endpoint } = this.#options;
    const { method } = request;
    const body = request.body ?? new Uint8Array();
    const rawPath = pathOf(request);
    const rawQuery = queryOf(request);
    const plain = {
      ...request.headers,
      host: endpoint.host,
      'content-length': String(body.length),
    };
    const signed = this.#signatureOf({ method, rawPath, rawQuery, headers: plain }, body);
    const { promise, resolve, reject } = deferred<http.IncomingMessage>();
    const sent = this.#send(
      {
        method,
        hostname: endpoint.hostname.replace(/^\[|\]$/g, ''),
        port: endpoint.port,
        path: rawQuery === '' ? rawPath : `${rawPath}?${rawQuery}`,
        headers: { ...plain, ...signed },
        agent: this.#agent,
        timeout: IDLE_TIMEOUT_MS,
      },
      resolve,
    );
    sent.on('error', (cause) => reject(unreachable(endpoint, cause)));
    sent.on('timeout', () => sent.destroy(new Error('no answer came')));
    sent.end(body);
    return promise;
  }

  #signatureOf(request: SignableRequest, body: Uint8Array): Readonly<Record<string, string>> {
    const { region, credentials } = this.#options;
    if (credentials === undefined) return {};
    const { accessKeyId, secretAccessKey: secret } = credentials;
    const payload = createHash('sha256').update(body).digest('hex');
    const given = { credentials: { accessKeyId, secret }, region, timeMs: Date.now() };
    return signRequest(request, payload, given).headers;
  }
}

function unreachable(endpoint: URL, cause: Error): LogStoreError {
  return new LogStoreError('IO', `${endpoint.origin}: ${cause.message || String(cause)}`, {
    cause,
  });
}

function pathOf({ bucket, key }: S3Request): string {
  return encodePath(['', bucket ?? '', key].filter((part) => part !== undefined).join('/'));
}

function queryOf({ query = {} }: S3Request): string {
  return Object.entries(query)
    .map(([name, value]) => `${encodeQueryPart(name)}=${encodeQueryPart(value)}`)
    .join('&');
}

function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}
