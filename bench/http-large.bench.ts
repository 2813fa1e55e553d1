import type { Bench, Figure } from './figure.js';
import { alternate, compared, median } from './rounds.js';
import { type LoadedServer, withServedPair } from './served-pair.js';

const MiB = 1024 ** 2;
const load = { sizeBytes: 64 * MiB, keys: 4, connections: 4, requests: 8 };
const mibPerRequest = load.sizeBytes / MiB;

/** How many bytes a second of large objects go in, and whether anybody else can be served then. */
export const httpPut64m: Bench = {
  name: 'http-put-64m',
  asks: 'signed 64 MiB PUTs, 4 connections, MiB a second; the event loop meanwhile',
  run: () =>
    withServedPair(load, async (store, bare) => {
      const figures = await measure('http-put-64m', 'put', store, bare);
      const delays = (server: LoadedServer) =>
        server.outcomes.slice(1).map((outcome) => outcome.loopDelayP99Ms);
      return [
        ...figures,
        {
          ...{ bench: 'event-loop', unit: 'ms', ...compared(delays(store), delays(bare)) },
          ...{ target: 'value < 20', note: 'p99 delay in the server during four 64 MiB PUTs' },
        },
      ];
    }),
};

/** And how many come out. */
export const httpGet64m: Bench = {
  name: 'http-get-64m',
  asks: 'signed 64 MiB GETs, 4 connections, MiB a second',
  run: () =>
    withServedPair(load, async (store, bare) => {
      await store.fill();
      await bare.fill();
      return measure('http-get-64m', 'get', store, bare);
    }),
};

async function measure(
  bench: string,
  ask: 'put' | 'get',
  store: LoadedServer,
  bare: LoadedServer,
): Promise<Figure[]> {
  const mibPerSecond = async (server: LoadedServer) => (await server.round(ask)) * mibPerRequest;
  const rates = await alternate({
    store: () => mibPerSecond(store),
    bare: () => mibPerSecond(bare),
  });
  const cpu = (server: LoadedServer) =>
    server.outcomes.slice(1).map((outcome) => outcome.cpuMsPerRequest / mibPerRequest);
  const loopDelay = median(store.outcomes.slice(1).map((outcome) => outcome.loopDelayP99Ms));
  const note = `of the server process, all threads; its event loop delay p99 ${loopDelay.toFixed(1)} ms`;
  return [
    { bench, unit: 'MiB/s', ...compared(rates('store'), rates('bare')), target: 'ratio >= 0.8' },
    { bench: `${bench}/cpu`, unit: 'ms/MiB', ...compared(cpu(store), cpu(bare)), note },
  ];
}
