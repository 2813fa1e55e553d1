import type { Clock } from '../base/host.js';
import type { Logger } from './edge.js';
import type { Answer } from './s3/answer.js';

/** One line for each request, when its connection has let go of it; counts those under way. */
export class RequestLog {
  underWay = 0;

  constructor(
    private readonly logger: Logger,
    private readonly clock: Clock,
  ) {}

  /** To be called once for each request, before anything is answered. */
  follow(answer: Answer): void {
    this.underWay += 1;
    const startedMs = this.clock.monotonicMs();
    answer.res.once('close', () => {
      this.underWay -= 1;
      this.#write(answer, this.clock.monotonicMs() - startedMs);
    });
  }

  // Neither headers nor the query: signatures and secrets of presigned URLs stand there. The
  // logger writes JSON, which escapes whatever a key holds.
  #write(answer: Answer, durationMs: number): void {
    const { req, res } = answer;
    const fields = {
      requestId: answer.requestId,
      method: req.method,
      operation: answer.operation,
      user: answer.user,
      bucket: answer.bucket,
      key: answer.key,
      status: res.headersSent ? res.statusCode : undefined, // the client went before its answer
      code: answer.errorCode,
      complete: res.writableFinished,
      bytesIn: answer.bytesIn,
      bytesOut: answer.bytesOut,
      durationMs: Math.round(durationMs * 1_000) / 1_000,
    };
    this.logger.info(fields, 'request');
  }
}
