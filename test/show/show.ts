/** `npm run show` lists the demonstrations, `npm run show -- NAME [ARGS]` runs one, `all` each. */
import { say } from './demonstration.js';
import { demonstrations } from './demonstrations.js';

const [name, ...args] = process.argv.slice(2);
const chosen = demonstrations.filter((each) => name === 'all' || each.name === name);

if (name === undefined || chosen.length === 0) {
  if (name !== undefined) console.log(`There is no demonstration '${name}'.\n`);
  for (const each of demonstrations) {
    console.log(`${each.name.padEnd(20)} ${each.shows}`);
    console.log(`${' '.repeat(20)} ${each.full ?? `npm run show -- ${each.name}`}`);
  }
  process.exitCode = name === undefined ? 0 : 1;
}

for (const each of chosen) {
  say(`${each.name}: ${each.shows}`);
  try {
    await each.run(args);
    say(`${each.name}: shown`);
  } catch (error) {
    console.error(error);
    say(`${each.name}: FAILED`);
    process.exitCode = 1;
  }
}
