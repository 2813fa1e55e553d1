import type { IncomingMessage, ServerResponse } from 'node:http';
import { type CipherNameAndProtocol, TLSSocket } from 'node:tls';
import { plainAddress } from '../../auth/ip-range.js';
import { arnOf, type Principal } from '../../auth/principal.js';
import type { CopySource } from '../../store/types.js';
import { copySource } from './copy-source.js';
import { type AccessRecord, logLine } from './log-line.js';
import { copySourceOperation, loggedOperation } from './log-operations.js';
import type { LoggingRule } from './logging-rule.js';
import { S3Error } from './s3-error.js';

/** One key of a request that deletes many. */
export interface LoggedDeletion {
  readonly key: string;
  readonly versionId: string | undefined;
  readonly status: number;
  readonly errorCode: string | undefined;
}

/** Who sent a request, and how that is proven. */
export interface LoggedSender {
  readonly principal: Principal;
  readonly signature: 'SigV2' | 'SigV4' | undefined;
  readonly presigned: boolean;
  readonly inForm?: true;
}

/** What the access log wants to know of a request. */
export interface EndedRequest {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly requestId: string;
  readonly hostId: string;
  readonly operation: string | undefined;
  readonly bucket: string | undefined;
  readonly key: string | undefined;
  /** Undefined where the sender was never proven. */
  readonly identity: LoggedSender | undefined;
  readonly versionId: string | undefined;
  readonly errorCode: string | undefined;
  readonly bytesOut: number;
  readonly objectBytes: number | undefined;
  /** Monotonic: when the body's last byte had come, where there was one. */
  readonly receivedMs: number | undefined;
  /** Monotonic: when the head of the answer went. */
  readonly answeredMs: number | undefined;
  readonly deletions: readonly LoggedDeletion[];
  readonly access: { readonly byGrants: boolean } | undefined;
}

/** A bucket that wants a log. */
export interface LoggedBucket {
  readonly bucket: string;
  readonly ownerId: string;
  readonly rule: LoggingRule;
}

/** Whose logs a request is to stand in: its bucket's, and of a copy its source's. */
export interface LogsOfRequest {
  readonly own: LoggedBucket | undefined;
  readonly source: { readonly of: LoggedBucket; readonly read: CopySource } | undefined;
}

export interface LoggedMoment {
  readonly durationMs: number;
  readonly endedMs: { readonly unix: number; readonly monotonic: number };
  /** The id that clients see for an owner's. */
  readonly shownId: (ownerId: string) => string;
}

/** A line, and whose log it goes to. */
export interface LoggedLine {
  readonly of: LoggedBucket;
  readonly timeUnixMs: number;
  readonly line: string;
}

/** What a copy reads; undefined of what is no copy, or was refused for what it named. */
export function copiedBy({ operation, req }: EndedRequest): CopySource | undefined {
  if (copySourceOperation(operation) === undefined) return undefined;
  try {
    return copySource(req);
  } catch (error) {
    if (error instanceof S3Error) return undefined;
    throw error;
  }
}

/** All lines of one request: one in each log, and one more for each key that it deletes. */
export function linesOf(
  request: EndedRequest,
  { own, source }: LogsOfRequest,
  moment: LoggedMoment,
): readonly LoggedLine[] {
  const timeUnixMs = moment.endedMs.unix - moment.durationMs;
  const lines: LoggedLine[] = [];
  if (own !== undefined) {
    const record = recordOf(request, moment, own, timeUnixMs);
    const records = [record, ...request.deletions.map((one) => ({ ...record, ...ofOne, ...one }))];
    for (const each of records) lines.push({ of: own, timeUnixMs, line: logLine(each) });
  }
  const operation = copySourceOperation(request.operation);
  if (source !== undefined && operation !== undefined) {
    const { of, read } = source;
    const { key, versionId } = read;
    const record = recordOf(request, moment, of, timeUnixMs);
    const line = logLine({ ...record, key, versionId, operation, sentBytes: undefined });
    lines.push({ of, timeUnixMs, line });
  }
  return lines;
}

/** Of each key S3 logs that it was deleted, and of the request no more than who sent it. */
const ofOne = {
  ...{ operation: 'BATCH.DELETE.OBJECT', requestLine: undefined, sentBytes: undefined },
  ...{ objectBytes: undefined, totalMs: undefined, turnAroundMs: undefined },
  ...{ referer: undefined, userAgent: undefined },
} as const;

function recordOf(
  request: EndedRequest,
  { durationMs, endedMs, shownId }: LoggedMoment,
  { bucket, ownerId }: LoggedBucket,
  timeUnixMs: number,
): AccessRecord {
  const { req, res, identity, answeredMs, receivedMs } = request;
  const { method = '', headers, socket } = req;
  const status = res.headersSent ? res.statusCode : undefined;
  const startedMs = endedMs.monotonic - durationMs;
  return {
    bucketOwner: shownId(ownerId),
    bucket,
    timeUnixMs,
    remoteAddress: plainAddress(socket.remoteAddress ?? ''),
    requester: requesterOf(identity?.principal, shownId),
    requestId: request.requestId,
    operation: loggedOperation({ method, operation: request.operation, key: request.key }),
    key: request.key,
    requestLine: `${method} ${withoutSecrets(req.url ?? '')} HTTP/${req.httpVersion}`,
    status,
    errorCode: status === 304 ? undefined : request.errorCode,
    sentBytes: request.bytesOut,
    objectBytes: request.objectBytes,
    totalMs: durationMs,
    turnAroundMs: answeredMs === undefined ? undefined : answeredMs - (receivedMs ?? startedMs),
    referer: headers.referer ?? '',
    userAgent: headers['user-agent'] ?? '',
    versionId: request.versionId,
    hostId: request.hostId,
    signature: identity?.signature,
    authentication: authenticationOf(identity),
    hostHeader: headers.host,
    ...tlsOf(socket),
    aclRequired: status !== 403 && request.access?.byGrants === true,
  };
}

function requesterOf(
  principal: Principal | undefined,
  shownId: LoggedMoment['shownId'],
): string | undefined {
  if (principal === undefined || principal.is === 'anonymous') return undefined;
  return principal.is === 'root' ? shownId(principal.ownerId) : arnOf(principal);
}

function authenticationOf(identity: LoggedSender | undefined): AccessRecord['authentication'] {
  if (identity?.signature === undefined || identity.inForm === true) return undefined;
  return identity.presigned ? 'QueryString' : 'AuthHeader';
}

function tlsOf(socket: IncomingMessage['socket']): Pick<AccessRecord, 'cipher' | 'tlsVersion'> {
  if (!(socket instanceof TLSSocket)) return { cipher: undefined, tlsVersion: undefined };
  // Of a connection that is gone there is neither, whatever the types say.
  const cipher: CipherNameAndProtocol | null | undefined = socket.getCipher();
  return { cipher: cipher?.name, tlsVersion: socket.getProtocol() ?? undefined };
}

/** Who reads a log is not to be able to use the URLs in it. */
const secret =
  /([?&](?:x-amz-signature|signature|x-amz-security-token|x-amz-[a-z0-9-]*customer-key)=)[^&]*/gi;

function withoutSecrets(url: string): string {
  return url.includes('?') ? url.replace(secret, '$1REDACTED') : url;
}
