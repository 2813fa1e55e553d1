import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LogStoreError } from '../../../src/base/errors.js';
import { exitCodes, failureOf } from '../../../tools/exit-code.js';
import { shown, shownSize, shownTime } from '../../../tools/output.js';
import { parseAddress, parsePrefix } from '../../../tools/target.js';

const output = suite('what the command prints and takes');

output('no control character of a key reaches the terminal', () => {
  assert.is(shown('a\x1b[31mb\nc\x7f\u009b'), 'a\\x1b[31mb\\x0ac\\x7f\\x9b');
  assert.is(shown('grün/日本 語'), 'grün/日本 語');
});

output('sizes and times are short', () => {
  assert.is(shownSize(0), '0 B');
  assert.is(shownSize(1023), '1023 B');
  assert.is(shownSize(1536), '1.5 KiB');
  assert.is(shownSize(5 * 1024 ** 4), '5.0 TiB');
  assert.is(shownTime(0), '1970-01-01T00:00:00Z');
});

output('an address is cut at its first slash', () => {
  assert.equal(parseAddress('b/k/l//m'), { bucket: 'b', key: 'k/l//m' });
  assert.equal(parseAddress('b//'), { bucket: 'b', key: '/' });
  for (const bad of ['b', 'b/', '/k', '']) assert.throws(() => parseAddress(bad), /BUCKET\/KEY/);
  assert.equal(parsePrefix('b'), { bucket: 'b', prefix: '' });
  assert.equal(parsePrefix('b/a/'), { bucket: 'b', prefix: 'a/' });
});

output('failures end with the code of their kind', () => {
  const codeOf = (error: unknown) => failureOf(error)?.exitCode;
  assert.is(codeOf(new LogStoreError('INVALID_ARGUMENT', '')), exitCodes.usage);
  assert.is(codeOf(new LogStoreError('RECORD_CORRUPT', '')), exitCodes.damage);
  assert.is(codeOf(new LogStoreError('LOCKED', '')), exitCodes.busy);
  assert.is(codeOf(new LogStoreError('NO_SUCH_KEY', '')), exitCodes.failed);
  assert.is(codeOf(Object.assign(new Error('gone'), { code: 'ENOENT' })), exitCodes.failed);
  assert.is(codeOf(new TypeError('a bug of ours')), undefined);
});

output.run();
