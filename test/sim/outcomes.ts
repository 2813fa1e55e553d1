import type { Disk, DiskFile } from '../../src/base/host.js';
import type { SimulatedWorld } from './simulated-host.js';

/** A file in the root whose bytes and name are durable. */
export async function durableFile(disk: Disk, path: string, bytes: Uint8Array): Promise<DiskFile> {
  const file = await disk.open(path, 'create');
  await file.write(0, [bytes]);
  await file.sync();
  await disk.syncDirectory('');
  return file;
}

/** The different things that `see` saw after `count` power cuts of one world, in order. */
export function outcomes(
  world: SimulatedWorld,
  count: number,
  see: (after: SimulatedWorld) => string,
): string[] {
  const seen = new Set<string>();
  for (let seed = 1; seed <= count; seed++) seen.add(see(world.crash(seed)));
  return [...seen].sort();
}
