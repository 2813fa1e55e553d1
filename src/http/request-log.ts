import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../base/host.js';
import type { Logger } from './logger.js';

/** What a line says of a request, when it has ended. */
export interface LoggedRequest {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly requestId: string;
  readonly operation: string | undefined;
  readonly user: string | undefined;
  readonly bucket: string | undefined;
  readonly key: string | undefined;
  readonly errorCode: string | undefined;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Told when it has ended, of how long it took. */
  ended?(durationMs: number): void;
}

/** One line for each request, when its connection has let go of it; counts those under way. */
export class RequestLog {
  underWay = 0;

  constructor(
    private readonly logger: Logger,
    private readonly clock: Clock,
  ) {}

  /** To be called once for each request, before anything is answered. */
  follow(request: LoggedRequest): void {
    this.underWay += 1;
    const startedMs = this.clock.monotonicMs();
    request.res.once('close', () => {
      this.underWay -= 1;
      const durationMs = this.clock.monotonicMs() - startedMs;
      this.#write(request, durationMs);
      request.ended?.(durationMs);
    });
  }

  // Neither headers nor the query: signatures and secrets of presigned URLs stand there. The
  // logger writes JSON, which escapes whatever a key holds.
  #write(request: LoggedRequest, durationMs: number): void {
    const { req, res } = request;
    const fields = {
      requestId: request.requestId,
      method: req.method,
      operation: request.operation,
      user: request.user,
      bucket: request.bucket,
      key: request.key,
      status: res.headersSent ? res.statusCode : undefined, // the client went before its answer
      code: request.errorCode,
      complete: res.writableFinished,
      bytesIn: request.bytesIn,
      bytesOut: request.bytesOut,
      durationMs: Math.round(durationMs * 1_000) / 1_000,
    };
    this.logger.info(fields, 'request');
  }
}
