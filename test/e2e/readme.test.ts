import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryDirectory } from '../unit/host/temporary-directory.js';
import { goldenText, vectors } from '../unit/ledger/golden.js';
import { environment, logstoreScript, Served } from './logstore-process.js';
import { place, putInto } from './served-place.js';

const execute = promisify(execFile);
const readme = suite('README');
const here = fileURLToPath(new URL('.', import.meta.url));
const root = new URL('../../../', import.meta.url);
const text = ['README.md', 'docs/ledger.md']
  .map((page) => readFileSync(new URL(page, root), 'utf8'))
  .join('');

/** The blocks that README.md and docs/ledger.md mark as running, by their names. */
const blocks = new Map(
  [...text.matchAll(/<!-- runs: (\w+) -->\n```\w+\n([\s\S]*?)```/g)].map(
    ([, name = '', code = '']) => [name, code],
  ),
);

function blockOf(name: string): string {
  const code = blocks.get(name);
  assert.ok(code, `there is a block '${name}'`);
  return code;
}

async function isInstalled(command: string): Promise<boolean> {
  try {
    await execute(command, ['--version']);
    return true;
  } catch {
    return false;
  }
}

async function withServer(
  action: (env: NodeJS.ProcessEnv, cwd: string) => Promise<void>,
  options: readonly string[] = [],
) {
  using at = place();
  const pair = { LOGSTORE_ACCESS_KEY: 'of-readme', LOGSTORE_SECRET_KEY: 'secret-of-it' };
  await using server = await Served.start(['--dir', at.dir, ...options], pair);
  const cwd = dirname(at.dir);
  const env = environment({
    HOME: cwd, // no settings of the machine
    AWS_ENDPOINT_URL: server.url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: pair.LOGSTORE_ACCESS_KEY,
    AWS_SECRET_ACCESS_KEY: pair.LOGSTORE_SECRET_KEY,
  });
  await action(env, cwd);
}

for (const command of ['aws', 'rclone'] as const)
  readme(`the first steps with ${command} go as they are written`, async () => {
    const code = blockOf(command);
    if (!(await isInstalled(command))) {
      console.log(`SKIPPED: ${command} is not installed`);
      return;
    }
    await withServer(async (env, cwd) => {
      const { stdout } = await execute('bash', ['-euo', 'pipefail', '-c', code], { env, cwd });
      assert.match(stdout, command === 'aws' ? /hello\n$/ : /6 hello\.txt/);
    });
  });

readme('the first steps with the SDK go as they are written', async () => {
  await withServer(async (env) => {
    const { stdout } = await runModule(blockOf('sdk'), env);
    assert.is(stdout, 'dear reader\n');
  });
});

readme('the first steps with the command go as they are written', async () => {
  using folder = temporaryDirectory();
  const stdout = await runCommands(blockOf('command'), folder.path);
  assert.match(stdout, /\nhello\n/);
});

readme('a proof is checked as it is written', async () => {
  using folder = temporaryDirectory();
  writeFileSync(join(folder.path, 'cat.proof'), goldenText('current.proof'));
  const stdout = await runCommands(blockOf('proof'), folder.path, { VKEY: vectors.log });
  // The beginning of what README.md shows.
  const shown = /\$ logstore check-proof.*\n([\s\S]*?) {2}\.\.\.\n/.exec(text)?.[1] ?? '-';
  assert.is(stdout.slice(0, shown.length), shown);
});

readme('proofs are made as it is written', async () => {
  using at = place();
  {
    await using server = await Served.start(['--dir', at.dir, '--ledger', 'on']);
    await putInto(server, at, 'photos/cat.jpg');
    await server.end('SIGTERM');
  }
  using folder = temporaryDirectory();
  await runCommands(blockOf('prove'), folder.path, { LOGSTORE_DIR: at.dir });
  for (const [file, claim] of [
    ['cat', 'current'],
    ['dog', 'absent'],
    ['photos', 'listing'],
    ['was', 'written'],
  ]) {
    const proof = readFileSync(join(folder.path, `${file}.proof`), 'utf8');
    assert.match(proof, `object-proof/v1\nclaim ${claim}\n`);
  }
});

readme('a proof is fetched as it is written', async () => {
  if (!(await isInstalled('curl'))) {
    console.log('SKIPPED: curl is not installed');
    return;
  }
  const run = async (env: NodeJS.ProcessEnv, cwd: string) => {
    writeFileSync(join(cwd, 'cat.jpg'), 'a cat');
    const put = `curl -sf --aws-sigv4 "aws:amz:$AWS_REGION:s3" \
      --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" -X PUT \
      -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD'`;
    const code = `${put} "$AWS_ENDPOINT_URL/photos"
      ${put} -D - -H 'x-logstore-receipt: wait' -T cat.jpg "$AWS_ENDPOINT_URL/photos/cat.jpg"
      ${blockOf('fetch')}`;
    const { stdout } = await execute('bash', ['-euo', 'pipefail', '-c', code], { env, cwd });
    assert.match(stdout, 'x-logstore-receipt: sealed');
    assert.match(stdout, '/_/ledger/proof?bucket=photos&claim=version&key=cat.jpg&version=3');
    const proof = readFileSync(join(cwd, 'cat.proof'), 'utf8');
    assert.match(proof, 'claim current\nobject photos/cat.jpg\n');
  };
  await withServer(run, ['--ledger', 'on', '--ledger-interval', '100ms']);
});

readme('a program checks a proof as it is written', async () => {
  const env = environment({ VKEY: vectors.log });
  const files = { 'cat.proof': goldenText('current.proof') };
  const { stdout } = await runModule(blockOf('verify'), env, files);
  assert.is(stdout, 'current photos/cat.jpg 4 4\n');
});

readme('the embedding example goes as it is written', async () => {
  const { stdout } = await runModule(blockOf('embed'), environment());
  assert.is(stdout, 'hello\nhello.txt 5\n');
});

/** Runs a block of shell commands, where `logstore` is the command as it was built. */
async function runCommands(
  code: string,
  cwd: string,
  added: Readonly<Record<string, string>> = {},
): Promise<string> {
  const bin = join(cwd, 'bin');
  mkdirSync(bin);
  const shim = join(bin, 'logstore');
  writeFileSync(shim, `#!/bin/sh\nexec '${process.execPath}' '${logstoreScript}' "$@"\n`);
  chmodSync(shim, 0o755);
  const env = environment({ PATH: `${bin}:${process.env.PATH}`, ...added });
  const { stdout } = await execute('bash', ['-euo', 'pipefail', '-c', code], { env, cwd });
  return stdout;
}

/** Runs a block as a module inside this package, where it can import it by its name. */
async function runModule(
  code: string,
  env: NodeJS.ProcessEnv,
  files: Readonly<Record<string, string>> = {},
) {
  const cwd = mkdtempSync(join(here, 'readme-'));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, name), content);
    const file = join(cwd, 'block.mjs');
    writeFileSync(file, code);
    return await execute(process.execPath, [file], { env, cwd });
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

readme.run();
