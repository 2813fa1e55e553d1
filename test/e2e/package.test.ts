import { execFile } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryDirectory } from '../unit/host/temporary-directory.js';

const execute = promisify(execFile);
const it = suite('package');
const root = fileURLToPath(new URL('../../..', import.meta.url));

const consumer = `
import { openStore, LogStoreError, type ErrorCode, type Store } from 'logstore-s3';
const store: Store = await openStore({ dir: 'embedded' });
await store.createBucket('notes');
await store.put('notes', 'a', new TextEncoder().encode('hello'), { userMetadata: { of: 'me' } });
console.log(new TextDecoder().decode(await store.getBytes('notes', 'a')));
const failure: unknown = await store.getBytes('notes', 'b').catch((error: unknown) => error);
const code: ErrorCode | undefined = failure instanceof LogStoreError ? failure.code : undefined;
console.log(code);
// @ts-expect-error a bucket's name is text
await store.createBucket(7).catch(() => console.log('refused'));
await store.close();
`;

const compilerOptions = {
  target: 'ES2023',
  lib: ['ES2023', 'ESNext.Disposable'],
  module: 'NodeNext',
  strict: true,
  skipLibCheck: false, // our own declarations are what is checked
  typeRoots: [join(root, 'node_modules/@types')],
  types: ['node'],
};

async function registryAnswers(): Promise<boolean> {
  try {
    await execute('npm', ['ping'], { timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}

it('installed from its tarball it serves, embeds and has types', async () => {
  if (!(await registryAnswers())) {
    console.log('SKIPPED: the package registry cannot be reached, so nothing can be installed');
    return;
  }
  using folder = temporaryDirectory();
  const npm = (...args: string[]) => execute('npm', args, { cwd: folder.path });
  // Without scripts: what is packed is what was built, and dist/ is in use by other tests.
  await execute('npm', ['pack', '--ignore-scripts', '--pack-destination', folder.path], {
    cwd: root,
  });
  const tarball = readdirSync(folder.path).find((name) => name.endsWith('.tgz'));
  assert.ok(tarball, 'npm pack has made a tarball');
  const manifest = { private: true, type: 'module', allowScripts: { 'fs-ext': true } };
  writeFileSync(join(folder.path, 'package.json'), JSON.stringify(manifest));
  await npm('install', '--prefer-offline', '--no-audit', '--no-fund', `./${tarball}`);

  const installed = join(folder.path, 'node_modules/logstore-s3');
  const files = readdirSync(installed, { recursive: true, encoding: 'utf8' });
  for (const wanted of ['README.md', 'SPEC.md', 'LICENSE', 'CHANGELOG.md', 'docs/operations.md'])
    assert.ok(files.includes(wanted), wanted);
  const unwanted = files.filter((file) =>
    /\.map$|(^|\/)(test|bench|examples)(\/|$)|\.tgz$/.test(file),
  );
  assert.equal(unwanted, []);

  const version = (await npm('exec', '--', 'logstore', '--version')).stdout.trim();
  assert.match(version, /^\d+\.\d+\.\d+/);

  writeFileSync(join(folder.path, 'consumer.ts'), consumer);
  writeFileSync(join(folder.path, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  await execute(process.execPath, [tsc, '-p', folder.path]);
  const { stdout } = await execute(process.execPath, ['consumer.js'], { cwd: folder.path });
  assert.is(stdout, 'hello\nNO_SUCH_KEY\nrefused\n');

  await servesFrom(folder.path);
});

async function servesFrom(folder: string): Promise<void> {
  const bin = join(folder, 'node_modules/.bin/logstore');
  const child = execFile(bin, ['serve', '--port', '0', '--dir', 'served'], { cwd: folder });
  try {
    const url = await new Promise<string>((resolve, reject) => {
      let log = '';
      child.once('close', (code) => reject(new Error(`ended with ${code}: ${log}`)));
      for (const stream of [child.stdout, child.stderr])
        stream?.on('data', (chunk: string) => {
          log += chunk;
          const found = /"url":"([^"]+)"/.exec(log)?.[1];
          if (found !== undefined) resolve(found);
        });
    });
    assert.is((await fetch(`${url}/_/health/ready`)).status, 200);
  } finally {
    child.kill('SIGTERM');
  }
  const code = await new Promise((resolve) => child.once('close', resolve));
  assert.is(code, 0);
}

it.run();
