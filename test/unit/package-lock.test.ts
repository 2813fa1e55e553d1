import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

interface LockedPackage {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const lock = suite('package-lock.json');
const text = readFileSync(new URL('../../../package-lock.json', import.meta.url), 'utf8');
const packages: Readonly<Record<string, LockedPackage>> = JSON.parse(text).packages;

/** As Node looks: beside the one that asks, then one level up, and so on. */
function isLocked(asker: string, name: string): boolean {
  for (let path = asker; ; path = path.slice(0, Math.max(0, path.lastIndexOf('/node_modules/')))) {
    if (`${path === '' ? '' : `${path}/`}node_modules/${name}` in packages) return true;
    if (path === '') return false;
  }
}

// npm ci refuses a lock that leaves out a package, even one that this platform never installs; npm
// install leaves out those whose registry does not know them.
lock('names every package, those of other platforms too', () => {
  for (const [asker, { dependencies, devDependencies, optionalDependencies }] of Object.entries(
    packages,
  ))
    for (const name of Object.keys({
      ...dependencies,
      ...devDependencies,
      ...optionalDependencies,
    }))
      assert.ok(isLocked(asker, name), `${asker || 'the project'} asks for ${name}`);
});

lock('names the project as package.json does', () => {
  const manifest = JSON.parse(
    readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
  );
  for (const key of ['dependencies', 'devDependencies'] as const)
    assert.equal(packages['']?.[key], manifest[key]);
});

lock.run();
