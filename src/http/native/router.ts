import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import { InvariantError } from '../../base/invariant.js';
import { authenticateRoot } from '../authenticate.js';
import type { Edge } from '../edge.js';
import { badShape } from '../guards.js';
import { splitTarget } from '../s3/address.js';
import { S3Error, toS3Error } from '../s3/s3-error.js';
import { serveLedger } from './ledger-router.js';
import { type NativeRoute, nativeRoutes } from './routes.js';
import { serveUsers } from './user-router.js';
import { answerWork, nativeWork } from './work.js';

/** Serves the table of native routes; what is not said otherwise is JSON, errors always. */
export function nativeRouter(edge: Edge): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  router.use((req: Request, _res: Response, next: NextFunction) => {
    if (badShape(req) === undefined) next();
    else next(new S3Error('RequestHeaderSectionTooLarge'));
  });
  for (const route of nativeRoutes)
    router.get(`/_${route.path}`, (req: Request, res: Response) => answer(edge, route, req, res));
  router.get(/^\/_\/ledger(?:\/|$)/, (req: Request, res: Response, next: NextFunction) =>
    serveLedger(edge, req, res, next),
  );
  for (const work of nativeWork)
    router.post(`/_${work.path}`, async (req: Request, res: Response) => {
      requireRoot(edge, req);
      await answerWork(edge, work, req, res);
    });
  serveUsers(edge, router, sendJson);
  router.use((_req: Request, res: Response) =>
    sendJson(edge, res, 404, { code: 'NotFound', message: 'There is no such route.' }),
  );
  // Express tells an error handler by its four parameters.
  router.use((error: unknown, _req: Request, res: Response, _next: NextFunction) => {
    if (error instanceof InvariantError) throw error;
    sendError(edge, res, toS3Error(error));
  });
  return router;
}

async function answer(edge: Edge, route: NativeRoute, req: Request, res: Response): Promise<void> {
  if (route.access === 'root') requireRoot(edge, req);
  const { status, body } = await route.answer(edge);
  sendJson(edge, res, status, body);
}

/** @throws S3Error unless the root key has signed the request */
function requireRoot(edge: Edge, req: Request): void {
  const target = splitTarget(req.originalUrl);
  authenticateRoot(edge, { method: req.method, ...target, headers: req.headers });
}

function sendError(edge: Edge, res: Response, { code, status, message, cause }: S3Error): void {
  if (status >= 500) edge.logger.error({ code, err: cause }, 'native request failed');
  sendJson(edge, res, status, { code, message });
}

function sendJson(edge: Edge, res: Response, status: number, body: object | undefined): void {
  const bytes = Buffer.from(body === undefined ? '' : `${JSON.stringify(body)}\n`, 'utf8');
  res.writeHead(status, [
    'content-type',
    'application/json',
    'content-length',
    bytes.length,
    'cache-control',
    'no-store',
    'x-content-type-options',
    'nosniff',
    'x-amz-request-id',
    edge.requestIds.next(),
  ]);
  res.end(bytes);
}
