import { join } from 'node:path';
import { type Figures, figureOf, OtherProcess } from './other-process.js';
import { inWorkingDirectory } from './working-directory.js';

/** What one side's requests came to. */
export interface LoadOutcome {
  readonly perSecond: number;
  readonly p99Ms: number;
  /** Of the server process, all its threads. */
  readonly cpuMsPerRequest: number;
  readonly loopDelayP99Ms: number;
}

export interface Load {
  readonly sizeBytes: number;
  readonly keys: number;
  readonly connections: number;
  readonly requests: number;
}

/** A server in its own process, asked by a load generator in another. */
export class LoadedServer {
  readonly outcomes: LoadOutcome[] = [];

  constructor(
    private readonly server: OtherProcess,
    private readonly generator: OtherProcess,
    private readonly port: number,
    private readonly load: Load,
  ) {}

  /** One round of requests; keeps what it came to. @returns requests a second */
  async round(ask: 'put' | 'get'): Promise<number> {
    const { port, generator, server } = this;
    const { connections, requests } = this.load;
    await server.ask('begin');
    const loaded = await generator.ask(ask, { port, connections, requests });
    const gauges = await server.ask('end');
    const perSecond = figureOf(loaded, 'perSecond');
    this.outcomes.push({
      perSecond,
      p99Ms: figureOf(loaded, 'p99Ms'),
      cpuMsPerRequest: figureOf(gauges, 'cpuMs') / requests,
      loopDelayP99Ms: figureOf(gauges, 'loopDelayP99Ms'),
    });
    return perSecond;
  }

  /** Puts each key once, so that every get finds its object. */
  async fill(): Promise<void> {
    const { port, load } = this;
    await this.generator.ask('put', { port, connections: load.connections, requests: load.keys });
  }
}

/** The store's server and the bare one, on one disk, asked with the same bytes. */
export function withServedPair<T>(
  load: Load,
  action: (store: LoadedServer, bare: LoadedServer) => Promise<T>,
): Promise<T> {
  return inWorkingDirectory(async (dir) => {
    await using generator = OtherProcess.start('http-load');
    await using store = OtherProcess.start('store-server', [join(dir, 'store')]);
    await using bare = OtherProcess.start('bare-server', [join(dir, 'bare.log')]);
    await generator.ask('prepare', { sizeBytes: load.sizeBytes, keys: load.keys });
    const storePort = await portOf(store);
    await generator.ask('createBucket', { port: storePort });
    return await action(
      new LoadedServer(store, generator, storePort, load),
      new LoadedServer(bare, generator, await portOf(bare), load),
    );
  });
}

/** Where a server that was started listens. */
export async function portOf(server: OtherProcess): Promise<number> {
  const figures: Figures = await server.ask('port');
  return figureOf(figures, 'port');
}
