/** What both sides of the kill -9 rounds agree on. */
export const bucket = 'crash';
export const writerCount = 16;
export const storeOptions = { segmentBytes: 8 * 1024 ** 2, cacheBytes: 4 * 1024 ** 2 } as const;

/** Mostly small ones; some travel as data records, few are of several parts. */
export const sizesBytes: readonly number[] = [
  ...[0, 10, 50, 100, 200, 500, 1_000, 2_000, 3_000, 4_000, 8_000, 16_000, 40_000],
  ...[65_536, 65_537, 300_000],
];
