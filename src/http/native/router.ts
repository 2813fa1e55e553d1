import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import { authenticateRoot } from '../authenticate.js';
import type { Edge } from '../edge.js';
import { badShape } from '../guards.js';
import { splitTarget } from '../s3/address.js';
import { Answer } from '../s3/answer.js';
import { S3Error } from '../s3/s3-error.js';
import { serveLedger } from './ledger-router.js';
import { sendFailure, sendJson, sendNotFound } from './native-answer.js';
import { type NativeRoute, nativeRoutes } from './routes.js';
import { serveUsers } from './user-router.js';
import { answerWork, nativeWork } from './work.js';

/** Answers one request. What it throws becomes the error answer. */
export type NativeHandler = (answer: Answer, req: Request) => Promise<void>;

/** Serves the table of native routes; what is not said otherwise is JSON, errors always. */
export function nativeRouter(edge: Edge): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  const by = (handle: NativeHandler) => async (req: Request, res: Response) => {
    const answer = Answer.to(edge, req, res);
    await handle(answer, req).catch((error: unknown) => sendFailure(answer, error));
  };
  router.use((req: Request, _res: Response, next: NextFunction) => {
    if (badShape(req) === undefined) next();
    else next(new S3Error('RequestHeaderSectionTooLarge'));
  });
  for (const route of nativeRoutes)
    router.get(
      `/_${route.path}`,
      by((answer, req) => answerRoute(answer, route, req)),
    );
  router.get(/^\/_\/ledger(?:\/|$)/, by(serveLedger));
  for (const work of nativeWork)
    router.post(
      `/_${work.path}`,
      by(async (answer, req) => {
        requireRoot(answer, req);
        await answerWork(answer, work);
      }),
    );
  serveUsers(router, by);
  router.use(by(async (answer) => sendNotFound(answer)));
  // What Express refuses itself. It tells an error handler by its four parameters.
  router.use((error: unknown, req: Request, res: Response, _next: NextFunction) =>
    sendFailure(Answer.to(edge, req, res), error),
  );
  return router;
}

async function answerRoute(answer: Answer, route: NativeRoute, req: Request): Promise<void> {
  if (route.access === 'root') requireRoot(answer, req);
  const { status, body } = await route.answer(answer.edge);
  sendJson(answer, status, body);
}

/** @throws S3Error unless the root key has signed the request */
function requireRoot({ edge }: Answer, req: Request): void {
  const target = splitTarget(req.originalUrl);
  authenticateRoot(edge, { method: req.method, ...target, headers: req.headers });
}
