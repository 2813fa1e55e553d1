import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../../src/base/errors.js';
import { createPrivateFile, readPrivateFile } from '../../../src/host/private-file.js';
import { temporaryDirectory } from './temporary-directory.js';

const privateFile = suite('private file');

privateFile(
  'is written whole, for its owner alone, over what a cut-short attempt left',
  async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'secret.json');
    writeFileSync(`${path}.tmp`, 'half', { mode: 0o644 });
    await createPrivateFile(path, 'whole');
    assert.is(readFileSync(path, 'utf8'), 'whole');
    assert.is(statSync(path).mode & 0o777, 0o600);
    assert.equal(readdirSync(directory.path), ['secret.json']);
    assert.is(await readPrivateFile(path), 'whole');
  },
);

privateFile('that others may read or write is refused with the command that helps', async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'secret.json');
  writeFileSync(path, 'secret');
  for (const mode of [0o640, 0o604, 0o620, 0o777]) {
    chmodSync(path, mode);
    const error: unknown = await readPrivateFile(path).catch((thrown: unknown) => thrown);
    assert.ok(isLogStoreError(error, 'INVALID_ARGUMENT'));
    assert.ok(error.message.includes(`run: chmod 600 '${path}'`), error.message);
  }
  chmodSync(path, 0o400);
  assert.is(await readPrivateFile(path), 'secret');
});

privateFile('that is not there is undefined', async () => {
  using directory = temporaryDirectory();
  assert.is(await readPrivateFile(join(directory.path, 'none')), undefined);
});

privateFile.run();
