import type { Edge } from '../edge.js';

export interface NativeAnswer {
  readonly status: number;
  /** Written as JSON. */
  readonly body: object;
}

/** One route of the native API, below `/_`. */
export interface NativeRoute {
  readonly method: 'GET';
  readonly path: string;
  /** `open`: whoever reaches the port. `root`: whose request the root key has signed. */
  readonly access: 'open' | 'root';
  readonly answer: (edge: Edge) => NativeAnswer | Promise<NativeAnswer>;
}

/** Every route of the native API; who may read what stands here and nowhere else. */
export const nativeRoutes: readonly NativeRoute[] = [
  {
    method: 'GET',
    path: '/health/live',
    access: 'open', // the process answers: no word about the store
    answer: () => ({ status: 200, body: { status: 'live' } }),
  },
  {
    method: 'GET',
    path: '/health/ready',
    access: 'open', // load balancers sign nothing; the reason names no file
    answer: (edge) => {
      const { ready, reason } = edge.health();
      if (ready) return { status: 200, body: { status: 'ready' } };
      return { status: 503, body: { status: 'not ready', reason } };
    },
  },
  {
    method: 'GET',
    path: '/health',
    access: 'root', // what is known of each segment; POST examines them first
    answer: async (edge) => ({ status: 200, body: await edge.store.health() }),
  },
  {
    method: 'GET',
    path: '/stats',
    access: 'root',
    answer: (edge) => ({ status: 200, body: edge.store.stats() }),
  },
];
