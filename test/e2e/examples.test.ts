import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { environment, Served } from './logstore-process.js';
import { place } from './served-place.js';

const execute = promisify(execFile);
const examples = suite('examples');
const folder = fileURLToPath(new URL('../../tools/examples/', import.meta.url));
const files = readdirSync(folder).filter((name) => /^\d\d_.*\.js$/.test(name));

examples('there are some', () => {
  assert.ok(files.length >= 5, files.join(' '));
});

for (const file of files)
  examples(`${file} ends with 0 and says something`, async () => {
    using at = place();
    const pair = { LOGSTORE_ACCESS_KEY: 'of-example', LOGSTORE_SECRET_KEY: 'secret-of-it' };
    await using server = await Served.start(['--dir', at.dir], pair);
    const { stdout } = await execute(process.execPath, [`${folder}${file}`], {
      env: environment({
        AWS_ENDPOINT_URL: server.url,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: pair.LOGSTORE_ACCESS_KEY,
        AWS_SECRET_ACCESS_KEY: pair.LOGSTORE_SECRET_KEY,
      }),
    });
    assert.is.not(stdout.trim(), '');
  });

examples.run();
