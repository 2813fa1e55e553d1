import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../base/host.js';

export type WebServer = HttpServer | HttpsServer;

/** What one client, and all together, may ask of a server. */
export interface EdgeLimits {
  /** Connections at a time; further ones are closed at once. */
  readonly connectionsMax: number;
  /** The same of one address. A proxy in front is one address. */
  readonly connectionsPerAddressMax: number;
  /** Requests being answered at a time; further ones get 503. */
  readonly requestsMax: number;
  /** A request's headers must have come within this time. */
  readonly headersTimeoutMs: number;
  /** A connection without a request is closed behind this time. */
  readonly keepAliveTimeoutMs: number;
  /** Of a request line and its headers; beyond it Node answers 431. */
  readonly headerBytesMax: number;
  /** Within each such time `transferBytesMin` of a body must move, either way. */
  readonly bodyIdleMs: number;
}

export const edgeLimitsDefault: EdgeLimits = Object.freeze({
  connectionsMax: 1024,
  connectionsPerAddressMax: 1024,
  requestsMax: 1024,
  headersTimeoutMs: 15_000,
  keepAliveTimeoutMs: 65_000, // longer than the idle time of the usual proxies in front
  headerBytesMax: 32 * 1024, // a key of 1,024 bytes, escaped, and 2 KiB of metadata
  bodyIdleMs: 30_000,
});

export const headerCountMax = 200;
export const urlBytesMax = 16 * 1024;
const transferBytesMin = 4 * 1024;

/** Settings for `createServer`, of HTTPS too: what Node refuses to parse never reaches us. */
export function serverOptions(limits: EdgeLimits) {
  return {
    insecureHTTPParser: false,
    joinDuplicateHeaders: false,
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: 0, // long bodies are watched by TransferWatch
    connectionsCheckingInterval: Math.min(5_000, Math.ceil(limits.headersTimeoutMs / 2)),
    keepAlive: true,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    noDelay: true,
  };
}

/** Bounds connections in all and by address, and lets floods of headers be seen. */
export function guardConnections(server: WebServer, limits: EdgeLimits): void {
  // Node drops headers beyond this silently; headerCountMax is below, so that we see and refuse.
  server.maxHeadersCount = headerCountMax * 2;
  server.maxConnections = limits.connectionsMax;
  const byAddress = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress;
    if (address === undefined) return; // it is gone already
    const count = (byAddress.get(address) ?? 0) + 1;
    if (count > limits.connectionsPerAddressMax) {
      socket.destroy();
      return;
    }
    byAddress.set(address, count);
    socket.once('close', () => {
      const left = (byAddress.get(address) ?? 1) - 1;
      if (left === 0) byAddress.delete(address);
      else byAddress.set(address, left);
    });
  });
}

/** Why a request is refused for its mere shape, before anything in it is looked at. */
export function badShape(req: IncomingMessage): 'headers' | 'url' | undefined {
  if (req.rawHeaders.length > 2 * headerCountMax) return 'headers';
  if ((req.url ?? '').length > urlBytesMax) return 'url';
  return undefined;
}

/** One body on its way, in or out. Time counts only while the client is waited for. */
export class Transfer {
  #waitingSinceMs: number | undefined;
  #waitedMs = 0;
  #movedBytes = 0;

  constructor(
    private readonly watch: TransferWatch,
    private readonly clock: Clock,
    /** What comes of a client that neither sends nor takes. */
    readonly giveUp: () => void,
  ) {}

  /** From now on the client is to send, or to take. */
  waits(): void {
    this.#waitingSinceMs ??= this.clock.monotonicMs();
  }

  /** It did: `bytes` of the body moved. */
  moved(bytes: number): void {
    this.#movedBytes += bytes;
    if (this.#waitingSinceMs === undefined) return;
    this.#waitedMs += this.clock.monotonicMs() - this.#waitingSinceMs;
    this.#waitingSinceMs = undefined;
  }

  end(): void {
    this.watch.forget(this);
  }

  /** Whether the client has been waited for through `windowMs` and too little has moved. */
  stalled(nowMs: number, windowMs: number): boolean {
    const sinceMs = this.#waitingSinceMs;
    const waitedMs = this.#waitedMs + (sinceMs === undefined ? 0 : nowMs - sinceMs);
    if (waitedMs < windowMs) return false;
    const tooLittle = this.#movedBytes < transferBytesMin;
    this.#waitedMs = 0;
    this.#movedBytes = 0;
    if (sinceMs !== undefined) this.#waitingSinceMs = nowMs;
    return tooLittle;
  }
}

/** Gives up clients that neither send nor take. One timer for all transfers. */
export class TransferWatch {
  readonly #transfers = new Set<Transfer>();
  #timer: Timer | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly windowMs: number,
  ) {}

  begin(giveUp: () => void): Transfer {
    const transfer = new Transfer(this, this.clock, giveUp);
    this.#transfers.add(transfer);
    this.#timer ??= this.clock.after(this.windowMs / 2, () => this.#sweep());
    return transfer;
  }

  forget(transfer: Transfer): void {
    this.#transfers.delete(transfer);
  }

  #sweep(): void {
    const nowMs = this.clock.monotonicMs();
    for (const transfer of this.#transfers) {
      if (!transfer.stalled(nowMs, this.windowMs)) continue;
      this.#transfers.delete(transfer);
      transfer.giveUp();
    }
    const more = this.#transfers.size > 0;
    this.#timer = more ? this.clock.after(this.windowMs / 2, () => this.#sweep()) : undefined;
  }
}
