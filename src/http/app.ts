import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { BucketGuards } from '../auth/bucket-guard.js';
import { SigV4Verifier } from '../auth/sigv4.js';
import { type Edge, type EdgeDeps, RequestIds } from './edge.js';
import {
  edgeLimitsDefault,
  guardConnections,
  serverOptions,
  TransferWatch,
  type WebServer,
} from './guards.js';
import { HeldBodies } from './held-bodies.js';
import { nativeRouter } from './native/router.js';
import { RequestLog } from './request-log.js';
import { bucketInHost } from './s3/address.js';
import { isOfWebsite, serveS3 } from './s3/serve.js';
import { answerUnparsed } from './unparsed.js';

/** What all requests of one server share. */
export function createEdge(deps: EdgeDeps): Edge {
  const limits = Object.freeze({ ...edgeLimitsDefault, ...deps.limits });
  return {
    ...deps,
    limits,
    transfers: new TransferWatch(deps.clock, limits.bodyIdleMs),
    heldBodies: new HeldBodies(),
    verifier: new SigV4Verifier({
      region: deps.region,
      secretOf: (id) => deps.users.directory.signer(id)?.secret,
      signatureV2: deps.signatureV2,
    }),
    guards: new BucketGuards(deps.objectOwnership ?? 'BucketOwnerEnforced'),
    requestIds: new RequestIds(deps.random),
    requestLog: new RequestLog(deps.logger, deps.clock),
  };
}

/** Everything that this server serves, in the order in which it is asked. */
export function createApp(edge: Edge): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false); // S3's query is read from the raw URL, which is what is signed
  const native = nativeRouter(edge);
  app.use((req: Request, res: Response, next: NextFunction) => {
    if (isNative(edge, req)) native(req, res, next);
    else next();
  });
  app.use((req: Request, res: Response) => serveS3(edge, req, res));
  return app;
}

/** The server of the HTTP edge, not yet listening. Whoever creates it closes it. */
export function createHttpServer(deps: EdgeDeps): WebServer {
  const edge = createEdge(deps);
  const app = createApp(edge);
  const listener = (req: IncomingMessage, res: ServerResponse) => {
    // Express costs some four times a bare handler: objects' bytes go around it.
    if (isObjectData(req)) serveS3(edge, req, res);
    else app(req, res);
  };
  const server = serverFor(edge, listener);
  server.on('checkContinue', listener);
  server.on('checkExpectation', listener); // of anything else nothing is expected, as in S3
  guardConnections(server, edge.limits);
  answerUnparsed(server, edge);
  return server;
}

function serverFor({ limits, certificate }: Edge, listener: RequestListener): WebServer {
  const options = serverOptions(limits);
  if (certificate === undefined) return createServer(options, listener);
  const tls = { minVersion: 'TLSv1.2', handshakeTimeout: limits.headersTimeoutMs } as const;
  return createTlsServer({ ...options, ...tls, ...certificate }, listener);
}

/** `/_/` on the server's own name; no bucket's name begins with `_`. */
function isNative(edge: Edge, req: IncomingMessage): boolean {
  const { domain } = edge;
  const { url = '/', headers } = req;
  if (url !== '/_' && !/^\/_[/?]/.test(url)) return false;
  if (isOfWebsite(edge, req)) return false;
  return domain === undefined || bucketInHost(headers.host ?? '', domain) === undefined;
}

function isObjectData(req: IncomingMessage): boolean {
  const { method, url = '/' } = req;
  if (method !== 'GET' && method !== 'HEAD' && method !== 'PUT') return false;
  return url.charCodeAt(0) !== 0x2f || (url.charCodeAt(1) !== 0x5f && url.indexOf('/', 1) !== -1);
}
