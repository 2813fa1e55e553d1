import { join } from 'node:path';
import type { Bench, Figure } from './figure.js';
import { OtherProcess } from './other-process.js';
import { alternate, compared } from './rounds.js';
import { type Load, LoadedServer, portOf } from './served-pair.js';
import { inWorkingDirectory } from './working-directory.js';

const MiB = 1024 ** 2;
const small = { sizeBytes: 4096, keys: 2_048, connections: 64, requests: 10_000 };
const large = { sizeBytes: 64 * MiB, keys: 4, connections: 4, requests: 8 };

/** What encryption under the store's key costs, beside the same store without it. */
export const encryptedPut: Bench = {
  name: 'encrypted-put',
  asks: 'signed PUTs of 4 KiB and 64 MiB into a bucket that encrypts, beside one that does not',
  run: async () => [
    await measure('encrypted-put/4k', small, 'requests/s', 1),
    await measure('encrypted-put/64m', large, 'MiB/s', 64),
  ],
};

function measure(bench: string, load: Load, unit: string, perRequest: number): Promise<Figure> {
  return inWorkingDirectory(async (dir) => {
    await using generator = OtherProcess.start('http-load');
    await using sealed = OtherProcess.start('store-server', [join(dir, 'sealed')]);
    await using plain = OtherProcess.start('store-server', [join(dir, 'plain')]);
    await generator.ask('prepare', { sizeBytes: load.sizeBytes, keys: load.keys });
    const ports = { sealed: await portOf(sealed), plain: await portOf(plain) };
    for (const port of Object.values(ports)) await generator.ask('createBucket', { port });
    await generator.ask('encryptBucket', { port: ports.sealed });
    const sides = {
      sealed: new LoadedServer(sealed, generator, ports.sealed, load),
      plain: new LoadedServer(plain, generator, ports.plain, load),
    };
    const rates = await alternate({
      sealed: async () => (await sides.sealed.round('put')) * perRequest,
      plain: async () => (await sides.plain.round('put')) * perRequest,
    });
    const cpu = (side: LoadedServer) =>
      side.outcomes.slice(1).map(({ cpuMsPerRequest }) => cpuMsPerRequest);
    const { ratio } = compared(cpu(sides.sealed), cpu(sides.plain));
    const note = `CPU of the server a request: ${(ratio ?? Number.NaN).toFixed(2)} of without`;
    const figure = compared(rates('sealed'), rates('plain'));
    return { bench, unit, ...figure, target: 'ratio >= 0.8', note };
  });
}
