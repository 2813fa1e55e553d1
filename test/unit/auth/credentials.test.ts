import { randomBytes } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  formatCredentials,
  generateCredentials,
  parseCredentials,
} from '../../../src/auth/credentials.js';
import { isLogStoreError } from '../../../src/base/errors.js';

const pairs = suite('credentials');

pairs('a generated pair has the usual shape and survives its file', () => {
  const pair = generateCredentials({ bytes: randomBytes });
  assert.match(pair.accessKeyId, /^[A-Z0-9]{20}$/);
  assert.match(pair.secretAccessKey, /^[A-Za-z0-9_-]{40}$/);
  assert.equal(parseCredentials(formatCredentials(pair)), pair);
  assert.is.not(generateCredentials({ bytes: randomBytes }).accessKeyId, pair.accessKeyId);
});

pairs('bytes that would make some letters likelier are not used', () => {
  const rounds = [new Uint8Array(20).fill(255), new Uint8Array(20).fill(251)];
  const random = { bytes: (count: number) => rounds.shift() ?? new Uint8Array(count) };
  assert.is(generateCredentials(random).accessKeyId, '9'.repeat(20));
});

pairs('what is no pair is refused, and the message does not repeat it', () => {
  for (const text of [
    '',
    'SECRET',
    'null',
    '[]',
    '{"accessKeyId":"AK","secretAccessKey":"SECRETSECRET"}',
    '{"accessKeyId":"AKID","secretAccessKey":"SECRET"}',
    '{"accessKeyId":"AKID","secretAccessKey":"SECRET SECRET"}',
    '{"accessKeyId":"AKID\\n","secretAccessKey":"SECRETSECRET"}',
    '{"accessKeyId":"AKID"}',
  ])
    assert.throws(
      () => parseCredentials(text),
      (error: unknown) =>
        isLogStoreError(error, 'INVALID_ARGUMENT') && !error.message.includes('SECRET'),
    );
});

pairs.run();
