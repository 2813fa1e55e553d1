import { resolve } from 'node:path';
import type { Host } from '../base/host.js';
import { nodeClock } from './node-clock.js';
import { NodeDisk } from './node-disk.js';
import { NodeRandom } from './node-random.js';

/** The real machine, its disk rooted at `rootDirectory` (which `makeDirectory('')` creates). */
export function nodeHost(rootDirectory: string): Host {
  return {
    clock: nodeClock,
    random: new NodeRandom(),
    disk: new NodeDisk(resolve(rootDirectory)),
  };
}
