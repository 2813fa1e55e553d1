/** Runs one bench in a process of its own, so that none warms or litters the heap of another. */
import { benches } from './benches.js';

const [, , name, ...flags] = process.argv;
const bench = benches.find((each) => each.name === name);
if (bench === undefined) throw new Error(`there is no bench '${name}'`);
const figures = await bench.run({ full: flags.includes('--full') });
process.send?.({ figures });
