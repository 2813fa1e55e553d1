import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Identity } from '../authenticate.js';
import type { Edge } from '../edge.js';
import type { LoggedDeletion } from './logged-request.js';
import type { RequestAccess } from './request-access.js';
import { xmlDeclaration } from './xml.js';

/** Header names and values by turns, as `writeHead` takes them without copying. */
export type FlatHeaders = (string | number)[];

const drainBytesMax = 1024 ** 2;
const drainMsMax = 2_000;
const signOfLifeMs = 10_000; // clients mostly give up after a minute of silence

/** The one answer to a request, and what the log says of the two. */
export class Answer {
  operation: string | undefined;
  bucket: string | undefined;
  key: string | undefined;
  /** The name of the user who asks; `root`; empty for nobody in particular. */
  user: string | undefined;
  /** Who asks, once that is proven. */
  identity: Identity | undefined;
  /** What has decided on the sender's rights. */
  access: RequestAccess | undefined;
  errorCode: string | undefined;
  /** The version that the request names. */
  versionId: string | undefined;
  /** The size of the object or the part that the request is about. */
  objectBytes: number | undefined;
  /** Of a request that deletes many keys, what became of each. */
  deletions: readonly LoggedDeletion[] = [];
  /** Monotonic: when the last byte of the body had come. */
  receivedMs: number | undefined;
  /** Monotonic: when the head of the answer went. */
  answeredMs: number | undefined;
  /** What the browser is told that asks for a page of another origin; errors carry it too. */
  corsHeaders: readonly string[] | undefined;
  bytesIn = 0;
  bytesOut = 0;
  #continued: boolean;
  #promised = false;

  /** @param continueExpected the client waits for `100 Continue` before it sends its body */
  constructor(
    readonly edge: Edge,
    readonly req: IncomingMessage,
    readonly res: ServerResponse,
    readonly requestId: string,
    continueExpected: boolean,
  ) {
    this.#continued = !continueExpected;
  }

  /** To a request that has just come. */
  static to(edge: Edge, req: IncomingMessage, res: ServerResponse): Answer {
    // With a listener for `checkContinue` Node leaves it to us to let the client go on.
    const continueExpected = /^100-continue$/i.test(req.headers.expect ?? '');
    return new Answer(edge, req, res, edge.requestIds.next(), continueExpected);
  }

  get hostId(): string {
    return this.edge.requestIds.hostId;
  }

  /** Where the client has reached us: `https://s3.example:9000`. */
  get origin(): string {
    const { socket, headers } = this.req;
    return `${'encrypted' in socket ? 'https' : 'http'}://${headers.host ?? ''}`;
  }

  /** The request log calls it when the connection has let go of the request. */
  ended(durationMs: number): void {
    this.edge.accessLog?.note(this, durationMs);
  }

  /** Lets a client that waits for it send its body. */
  continue(): void {
    if (this.#continued) return;
    this.#continued = true;
    this.res.writeContinue();
  }

  sendEmpty(status: number, headers: FlatHeaders = []): void {
    this.sendHead(status, headers, status === 204 || status === 304 ? undefined : 0);
    this.#end(undefined);
  }

  sendXml(status: number, document: string, headers: FlatHeaders = []): void {
    if (this.#promised) {
      this.#keepPromise(document);
      return;
    }
    headers.push('content-type', 'application/xml');
    this.sendBytes(status, headers, Buffer.from(document, 'utf8'));
  }

  /**
   * For long work that is answered by XML: as S3 does, the client is sent a status of 200
   * and a blank now and then, so that it knows us alive. What follows may be an error. Headers
   * that come too late are not sent.
   * @returns to be let go when the work has ended
   */
  promise(): Disposable {
    const { clock } = this.edge;
    const live = () => {
      if (this.res.destroyed) return;
      if (this.#promised) this.res.write(' ');
      else {
        this.#promised = true;
        this.sendHead(200, ['content-type', 'application/xml'], undefined);
        this.res.write(xmlDeclaration);
      }
      timer = clock.after(signOfLifeMs, live);
    };
    let timer = clock.after(signOfLifeMs, live);
    return { [Symbol.dispose]: () => timer.cancel() };
  }

  /** An answer of XML is promised: whatever its status, nothing else can follow. */
  get isPromised(): boolean {
    return this.#promised;
  }

  #keepPromise(document: string): void {
    if (this.res.destroyed) return;
    const rest = document.slice(xmlDeclaration.length);
    this.bytesOut += Buffer.byteLength(rest);
    this.res.end(rest);
  }

  /** The whole answer at once. `body` is not touched again. */
  sendBytes(status: number, headers: FlatHeaders, body: Uint8Array): void {
    this.sendHead(status, headers, body.length);
    this.bytesOut += body.length;
    this.#end(body);
    if (this.res.writableLength > 0) this.#watchRest();
  }

  /** The answer to a HEAD: of a body of `lengthBytes` nothing but its length. */
  sendDescription(status: number, headers: FlatHeaders, lengthBytes: number): void {
    this.sendHead(status, headers, lengthBytes);
    this.#end(undefined);
  }

  /** The headers of an answer; a body of `lengthBytes`, if any, is then written by the caller. */
  sendHead(status: number, headers: FlatHeaders, lengthBytes: number | undefined): void {
    this.answeredMs = this.edge.clock.monotonicMs();
    headers.push('x-amz-request-id', this.requestId, 'x-amz-id-2', this.hostId);
    if (this.corsHeaders !== undefined) headers.push(...this.corsHeaders);
    if (lengthBytes !== undefined) headers.push('content-length', lengthBytes);
    // What is left of the request's body would have to be read before the next request.
    if (this.#bodyUnread()) headers.push('connection', 'close');
    this.res.writeHead(status, headers);
  }

  #bodyUnread(): boolean {
    const { headers, complete } = this.req;
    if (complete) return false;
    const length = headers['content-length'];
    return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
  }

  #end(body: Uint8Array | undefined): void {
    const clientSends = this.#continued && this.#bodyUnread();
    if (!clientSends) this.res.end(body);
    else {
      if (body === undefined) this.res.flushHeaders();
      else this.res.write(body);
      this.#drainThenEnd();
    }
  }

  /**
   * Closing a connection while the client still sends makes the kernel reset it, and the client
   * loses the answer. So some of the body is read and dropped first: not much, not for long.
   */
  #drainThenEnd(): void {
    let leftBytes = drainBytesMax;
    const timer = this.edge.clock.after(drainMsMax, () => end());
    const end = () => {
      timer.cancel();
      this.req.off('data', drop).off('end', end).off('close', end);
      this.res.end();
    };
    const drop = (chunk: Uint8Array) => {
      leftBytes -= chunk.length;
      if (leftBytes < 0) end();
    };
    this.req.on('data', drop).on('end', end).on('close', end).resume();
  }

  /** Ends the connection: nothing can be said on it any more. */
  cut(): void {
    this.req.socket.destroy();
  }

  /** What the kernel did not take at once waits for the client: not for ever. */
  #watchRest(): void {
    const transfer = this.edge.transfers.begin(() => this.cut());
    transfer.waits();
    this.res.once('close', () => transfer.end());
  }
}
