import type { Request, Response, Router } from 'express';
import type { Edge } from '../edge.js';
import { readRootRequest } from './json-request.js';
import { userRoutes } from './user-routes.js';

type Send = (edge: Edge, res: Response, status: number, body: object | undefined) => void;

/** Serves the table of users' routes. Who changed what is logged, and no secret. */
export function serveUsers(edge: Edge, router: Router, send: Send): void {
  for (const route of userRoutes) {
    const path = `/_${route.path}`;
    const serve = async (req: Request, res: Response) => {
      const request = await readRootRequest(edge, req);
      const names = Object.values(req.params).map(String);
      const answer = await route.answer(edge.users, names, request);
      if (route.did !== undefined) edge.logger.info({ names }, route.did);
      send(edge, res, answer === undefined ? 204 : 200, answer);
    };
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
