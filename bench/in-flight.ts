import { performance } from 'node:perf_hooks';

/**
 * Does `action` for 0 to `count` - 1, `width` of them at a time.
 * @returns how many it did in a second
 */
export async function ratePerSecond(
  count: number,
  width: number,
  action: (index: number) => Promise<unknown>,
): Promise<number> {
  let next = 0;
  const lane = async () => {
    while (next < count) await action(next++);
  };
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: width }, lane));
  return (count * 1000) / (performance.now() - startedMs);
}

/** How long `action` takes, in milliseconds. */
export async function durationMs(action: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await action();
  return performance.now() - startedMs;
}
