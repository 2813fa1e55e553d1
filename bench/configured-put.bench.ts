import { join } from 'node:path';
import type { Bench, Figure } from './figure.js';
import { OtherProcess } from './other-process.js';
import { alternate, compared } from './rounds.js';
import { type Load, LoadedServer, portOf } from './served-pair.js';
import { inWorkingDirectory } from './working-directory.js';

const MiB = 1024 ** 2;
const small = { sizeBytes: 4096, keys: 2_048, connections: 64, requests: 10_000 };
const large = { sizeBytes: 64 * MiB, keys: 4, connections: 4, requests: 8 };

/** What a setting of the bucket costs its PUTs, beside the same store without it. */
function configuredPut(name: string, asks: string, questions: readonly string[]): Bench {
  return {
    name,
    asks: `signed PUTs of 4 KiB and 64 MiB into a bucket that ${asks}, beside one that does not`,
    run: async () => [
      await measure(`${name}/4k`, questions, small, 'requests/s', 1),
      await measure(`${name}/64m`, questions, large, 'MiB/s', 64),
    ],
  };
}

export const encryptedPut = configuredPut('encrypted-put', 'encrypts', ['encryptBucket']);
export const versionedPut = configuredPut('versioned-put', 'keeps versions', ['versionBucket']);
export const lockedPut = configuredPut('locked-put', 'locks each version for a day', [
  'versionBucket',
  'lockBucket',
]);

function measure(
  bench: string,
  questions: readonly string[],
  load: Load,
  unit: string,
  perRequest: number,
): Promise<Figure> {
  return inWorkingDirectory(async (dir) => {
    await using generator = OtherProcess.start('http-load');
    await using set = OtherProcess.start('store-server', [join(dir, 'set')]);
    await using plain = OtherProcess.start('store-server', [join(dir, 'plain')]);
    await generator.ask('prepare', { sizeBytes: load.sizeBytes, keys: load.keys });
    const ports = { set: await portOf(set), plain: await portOf(plain) };
    for (const port of Object.values(ports)) await generator.ask('createBucket', { port });
    for (const question of questions) await generator.ask(question, { port: ports.set });
    const sides = {
      set: new LoadedServer(set, generator, ports.set, load),
      plain: new LoadedServer(plain, generator, ports.plain, load),
    };
    const rates = await alternate({
      set: async () => (await sides.set.round('put')) * perRequest,
      plain: async () => (await sides.plain.round('put')) * perRequest,
    });
    const cpu = (side: LoadedServer) =>
      side.outcomes.slice(1).map(({ cpuMsPerRequest }) => cpuMsPerRequest);
    const { ratio } = compared(cpu(sides.set), cpu(sides.plain));
    const note = `CPU of the server a request: ${(ratio ?? Number.NaN).toFixed(2)} of without`;
    const figure = compared(rates('set'), rates('plain'));
    return { bench, unit, ...figure, target: 'ratio >= 0.8', note };
  });
}
