import { indexedStoreCost, type OpenedStoreCost } from '../../bench/memory-per-object.js';
import { check, type Demonstration, inTemporaryDirectory, say } from './demonstration.js';

/** What many small objects cost in memory, and in time until they can be read and listed. */
export const tenMillion: Demonstration = {
  name: 'ten-million',
  shows: 'ten million small objects at no more than 300 bytes of memory each, beside their keys',
  full: 'npm run show -- ten-million [OBJECTS]',
  async run([objects = '10000000']) {
    await inTemporaryDirectory(async (path) => {
      const cost = await indexedStoreCost(path, Number(objects));
      say(
        `${objects} objects written in ${seconds(cost.fillMs)}, keys of ${cost.keyBytesEach} bytes`,
      );
      tell('from the footers of its segments', cost.fromFooters);
      tell('from the snapshot of its index', cost.fromSnapshot);
    });
  },
};

function tell(from: string, cost: OpenedStoreCost): void {
  const mib = (cost.rssBytes / 1024 ** 2).toFixed(0);
  say(`opened ${from} in ${seconds(cost.openMs)}: ${mib} MiB in memory`);
  say(`a page of 1,000 in ${cost.pageMs.toFixed(1)} ms, all listed in ${seconds(cost.listingMs)}`);
  check(cost.bytesEach <= 300, `that is ${cost.bytesEach.toFixed(0)} bytes an object`);
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}
