import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryDirectory } from '../unit/host/temporary-directory.js';
import { environment, Served } from './logstore-process.js';
import { place } from './served-place.js';

const execute = promisify(execFile);
const clients = suite('clients of S3 at their defaults');
const scripts = fileURLToPath(new URL('../../../test/clients/', import.meta.url));

interface S3Program {
  /** Of the file in test/clients that makes its round trip. */
  readonly script: string;
  readonly runs: readonly [command: string, ...args: string[]];
  /** Ends with 0 where it can run. */
  readonly probe: readonly [command: string, ...args: string[]];
}

const bash = ['bash'] as const;
const programs: Readonly<Record<string, S3Program>> = {
  'aws-cli': { script: 'aws.sh', runs: bash, probe: ['aws', '--version'] },
  boto3: { script: 'with-boto3.py', runs: ['python3'], probe: ['python3', '-c', 'import boto3'] },
  rclone: { script: 'rclone.sh', runs: bash, probe: ['rclone', 'version'] },
  s3cmd: { script: 's3cmd.sh', runs: bash, probe: ['s3cmd', '--version'] },
  restic: { script: 'restic.sh', runs: bash, probe: ['restic', 'version'] },
  s3fs: { script: 's3fs.sh', runs: bash, probe: ['sh', '-c', 's3fs --version && : < /dev/fuse'] },
  duplicity: { script: 'duplicity.sh', runs: bash, probe: ['duplicity', '--version'] },
  curl: { script: 'curl.sh', runs: bash, probe: ['curl', '--version'] },
  'minio-js': { script: 'minio.mjs', runs: [process.execPath], probe: [process.execPath, '-v'] },
};

const pair = { LOGSTORE_ACCESS_KEY: 'of-clients', LOGSTORE_SECRET_KEY: 'secret-of-clients' };
let at: ReturnType<typeof place>;
let server: Served;

clients.before(async () => {
  at = place();
  server = await Served.start(['--dir', at.dir], pair);
});
clients.after(async () => {
  await server[Symbol.asyncDispose]();
  at[Symbol.dispose]();
});

/** What every client is given: files, small and large, whose names are not easy. */
function fill(directory: string): void {
  const tree = join(directory, 'tree', 'sub', 'deeper');
  mkdirSync(tree, { recursive: true });
  writeFileSync(join(directory, 'small.txt'), 'a small file\n');
  writeFileSync(join(directory, 'large.bin'), randomBytes(17 * 1024 ** 2));
  for (const name of ['plain', 'with space', 'plus+and%percent', 'ümlaut', "quote'd"])
    writeFileSync(join(tree, name), `of ${name}\n`);
}

async function canRun([command, ...args]: readonly [string, ...string[]]): Promise<boolean> {
  try {
    await execute(command, args);
    return true;
  } catch {
    return false;
  }
}

for (const [name, { script, runs, probe }] of Object.entries(programs))
  clients(`${name} makes its round trip`, async () => {
    if (!(await canRun(probe))) {
      console.log(`SKIPPED: ${name} is not installed, or cannot run here`);
      return;
    }
    using directory = temporaryDirectory();
    fill(directory.path);
    const [command, ...args] = runs;
    await execute(command, [...args, join(scripts, script)], {
      cwd: directory.path,
      timeout: 120_000,
      maxBuffer: 64 * 1024 ** 2,
      env: environment({
        HOME: directory.path, // no settings of the machine
        MODULES_OF: fileURLToPath(import.meta.url),
        AWS_ENDPOINT_URL: server.url,
        AWS_REGION: 'us-east-1',
        AWS_DEFAULT_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: pair.LOGSTORE_ACCESS_KEY,
        AWS_SECRET_ACCESS_KEY: pair.LOGSTORE_SECRET_KEY,
      }),
    });
  });

clients('each script of a client is run', () => {
  for (const { script } of Object.values(programs)) assert.ok(existsSync(join(scripts, script)));
});

clients.run();
