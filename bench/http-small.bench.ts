import type { Bench, Figure } from './figure.js';
import { alternate, compared, median } from './rounds.js';
import { type LoadOutcome, withServedPair } from './served-pair.js';

const load = { sizeBytes: 4096, keys: 2_048, connections: 64, requests: 10_000 };

/** How many small objects a second go in over HTTP, from clients that are there already. */
export const httpPut4k: Bench = {
  name: 'http-put-4k',
  asks: 'signed 4 KiB PUTs a second, 64 connections',
  run: () => measure('http-put-4k', 'put', 'ratio >= 0.6'),
};

/** And how many come out. */
export const httpGet4k: Bench = {
  name: 'http-get-4k',
  asks: 'signed 4 KiB GETs a second, 64 connections',
  run: () => measure('http-get-4k', 'get', 'ratio >= 0.5'),
};

function measure(bench: string, ask: 'put' | 'get', target: string): Promise<readonly Figure[]> {
  return withServedPair(load, async (store, bare) => {
    await store.fill();
    await bare.fill();
    const rates = await alternate({ store: () => store.round(ask), bare: () => bare.round(ask) });
    const middle = (outcomes: readonly LoadOutcome[], name: keyof LoadOutcome) =>
      outcomes.slice(1).map((outcome) => outcome[name]); // the first warmed up
    const beside = (name: 'cpuMsPerRequest' | 'p99Ms', factor: number) =>
      compared(
        middle(store.outcomes, name).map((value) => value * factor),
        middle(bare.outcomes, name).map((value) => value * factor),
      );
    const p50 = median(middle(store.outcomes, 'loopDelayP99Ms'));
    return [
      { bench, unit: 'requests/s', ...compared(rates('store'), rates('bare')), target },
      {
        ...{ bench: `${bench}/cpu`, unit: 'us/request', ...beside('cpuMsPerRequest', 1000) },
        note: `of the server process, all threads; event loop delay p99 ${p50.toFixed(1)} ms`,
      },
      { bench: `${bench}/p99`, unit: 'ms', ...beside('p99Ms', 1), note: 'as clients see it' },
    ];
  });
}
