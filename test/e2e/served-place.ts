import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { temporaryDirectory } from '../unit/host/temporary-directory.js';
import { logstore, type Served } from './logstore-process.js';

export interface Place extends Disposable {
  readonly dir: string;
  readonly credentials: string;
  readonly file: string;
}

/** A directory for one store that does not exist yet, and a file to put into it. */
export function place(): Place {
  const directory = temporaryDirectory();
  const dir = join(directory.path, 'store');
  const file = join(directory.path, 'file');
  writeFileSync(file, 'the bytes of the file');
  return {
    dir,
    credentials: join(dir, 'credentials.json'),
    file,
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  };
}

/** Puts the file, making the bucket when it is missing. */
export async function putInto(server: Served, { credentials, file }: Place, address: string) {
  const target = ['--endpoint', server.url, '--credentials', credentials];
  const { code, stderr } = await logstore(['put', '--create-bucket', address, file, ...target]);
  assert.is(code, 0, stderr);
}

export async function readFrom(
  server: Served,
  { credentials }: Place,
  address: string,
): Promise<string> {
  const target = ['--endpoint', server.url, '--credentials', credentials];
  const { code, stdout, stderr } = await logstore(['get', address, ...target]);
  assert.is(code, 0, stderr);
  return stdout.toString();
}
