import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LogStoreError } from '../../../../src/base/errors.js';
import { isS3Code, S3Error, toS3Error } from '../../../../src/http/s3/s3-error.js';

const errors = suite('S3 errors');

errors('carry the status and the usual message of their code', () => {
  const missing = new S3Error('NoSuchKey');
  assert.is(missing.status, 404);
  assert.is(missing.message, 'The specified key does not exist.');
  assert.is(
    new S3Error('InvalidArgument', 'max-keys is no number').message,
    'max-keys is no number',
  );
  assert.ok(isS3Code('NoSuchKey'));
  assert.not.ok(isS3Code('toString'));
});

errors(
  'a failure of the store has its code there, with its message if the client caused it',
  () => {
    const caused = toS3Error(new LogStoreError('INVALID_BUCKET_STATE', 'versions are needed'));
    assert.is(caused.code, 'InvalidBucketState');
    assert.is(caused.message, 'versions are needed');
    assert.is(toS3Error(caused), caused);
    const known = toS3Error(new LogStoreError('NO_SUCH_KEY', 'no key "k"'));
    assert.is(known.message, 'The specified key does not exist.');
  },
);

errors('faults 105: what fails inside is told without its message', () => {
  for (const error of [
    new LogStoreError('IO', 'cannot read /secret/path'),
    new LogStoreError('BUSY', 'queue of /secret/path is full'),
    new Error('/secret/path'),
    '/secret/path',
  ]) {
    const told = toS3Error(error);
    assert.ok(told.status >= 500);
    assert.not.match(told.message, /secret/);
    assert.is(told.cause, error);
  }
});

errors.run();
