import type { Request, RequestHandler, Router } from 'express';
import type { Answer } from '../s3/answer.js';
import { readRootRequest } from './json-request.js';
import { sendJson } from './native-answer.js';
import { type UserRoute, userRoutes } from './user-routes.js';

type By = (handle: (answer: Answer, req: Request) => Promise<void>) => RequestHandler;

/** Serves the table of users' routes. Who changed what is logged, and no secret. */
export function serveUsers(router: Router, by: By): void {
  for (const route of userRoutes) {
    const path = `/_${route.path}`;
    const serve = by((answer, req) => answerRoute(answer, route, req));
    switch (route.method) {
      case 'GET':
        router.get(path, serve);
        break;
      case 'PUT':
        router.put(path, serve);
        break;
      case 'POST':
        router.post(path, serve);
        break;
      case 'DELETE':
        router.delete(path, serve);
    }
  }
}

async function answerRoute(answer: Answer, route: UserRoute, req: Request): Promise<void> {
  const request = await readRootRequest(answer, req);
  const { users, logger } = answer.edge;
  const names = Object.values(req.params).map(String);
  const body = await route.answer(users, names, request);
  if (route.did !== undefined) logger.info({ names }, route.did);
  sendJson(answer, body === undefined ? 204 : 200, body);
}
