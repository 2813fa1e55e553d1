import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../../src/base/errors.js';
import {
  type ConfigSources,
  environmentName,
  loadConfig,
  optionKeys,
  optionName,
  optionOf,
} from '../../../src/config.js';

const config = suite('config');

const none = { flags: {}, environment: {} };

function refusal(sources: ConfigSources): string {
  try {
    loadConfig(sources);
  } catch (error) {
    assert.ok(isLogStoreError(error, 'INVALID_ARGUMENT'), String(error));
    return error.message;
  }
  throw new Error('nothing was refused');
}

config('defaults are valid, and the result is frozen', () => {
  const found = loadConfig(none);
  assert.is(found.dir, 'segments/data');
  assert.is(found.host, '127.0.0.1');
  assert.is(found.port, 9000);
  assert.is(found.region, 'us-east-1');
  assert.is(found.segmentSize, 128 * 1024 ** 2);
  assert.is(found.shutdownTimeout, 10_000);
  assert.is(found.domain, undefined);
  assert.ok(Object.isFrozen(found));
});

config('a flag goes before the environment, that before the file, that before the default', () => {
  const file = { path: 'store.json', text: '{"port": 1, "region": "of-file", "host": "h"}' };
  const environment = { LOGSTORE_PORT: '2', LOGSTORE_REGION: 'of-environment' };
  const found = loadConfig({ flags: { port: '3' }, environment, file });
  assert.is(found.port, 3);
  assert.is(found.region, 'of-environment');
  assert.is(found.host, 'h');
  assert.is(found.logLevel, 'info');
});

config('every setting that is no secret can be given in all three forms', () => {
  const given: Record<string, string> = { text: 'x', count: '7', size: '2MiB', duration: '7s' };
  for (const key of optionKeys.filter((each) => !optionOf(each).secret)) {
    const { kind } = optionOf(key);
    const value = kind.is === 'choice' ? (kind.choices[1] ?? '') : (given[kind.is] ?? '');
    const byFlag = loadConfig({ ...none, flags: { [key]: value } })[key];
    const byVariable = loadConfig({ ...none, environment: { [environmentName(key)]: value } })[key];
    const text = JSON.stringify({ [optionName(key)]: value });
    const byFile = loadConfig({ ...none, file: { path: 'f', text } })[key];
    assert.is.not(byFlag, undefined);
    assert.is(byVariable, byFlag, key);
    assert.is(byFile, byFlag, key);
  }
});

config('secrets come by their variables alone, and only both together', () => {
  const environment = { LOGSTORE_ACCESS_KEY: 'id', LOGSTORE_SECRET_KEY: 'secret' };
  assert.is(loadConfig({ flags: {}, environment }).secretKey, 'secret');
  assert.is(
    loadConfig({ ...none, flags: { secretKey: 'x', accessKey: 'y' } }).secretKey,
    undefined,
  );
  const file = { path: 'f.json', text: '{"secret-key": "hunter2"}' };
  const said = refusal({ ...none, file });
  assert.match(said, /LOGSTORE_SECRET_KEY/);
  assert.not.match(said, /hunter2/);
  assert.match(refusal({ flags: {}, environment: { LOGSTORE_ACCESS_KEY: 'id' } }), /go together/);
});

config('sizes and times take units', () => {
  const of = (flags: ConfigSources['flags']) => loadConfig({ ...none, flags });
  assert.is(of({ segmentSize: '1GiB' }).segmentSize, 1024 ** 3);
  assert.is(of({ segmentSize: '2000000' }).segmentSize, 2_000_000);
  assert.is(of({ cacheSize: '1.5 MiB' }).cacheSize, 1.5 * 1024 ** 2);
  assert.is(of({ cacheSize: '3mb' }).cacheSize, 3_000_000);
  assert.is(of({ shutdownTimeout: '500ms' }).shutdownTimeout, 500);
  assert.is(of({ bodyIdleTimeout: '2m' }).bodyIdleTimeout, 120_000);
});

config('a bad value is refused, naming where it came from', () => {
  assert.match(refusal({ ...none, flags: { port: '70000' } }), /--port .*between 0 and 65535/);
  assert.match(refusal({ ...none, flags: { port: '9000x' } }), /--port is a whole number/);
  assert.match(refusal({ ...none, flags: { port: '-1' } }), /--port/);
  const environment = { LOGSTORE_SEGMENT_SIZE: '12 bananas' };
  assert.match(refusal({ ...none, environment }), /LOGSTORE_SEGMENT_SIZE is a size/);
  assert.match(refusal({ ...none, flags: { segmentSize: '1KiB' } }), /between 1MiB and 4GiB/);
  const file = { path: 'etc/store.json', text: '{"boundary": 1000}' };
  assert.match(refusal({ ...none, file }), /'boundary' in etc\/store\.json is one of 512, 4096/);
  assert.match(refusal({ ...none, flags: { shutdownTimeout: '5' } }), /a time such as/);
  assert.match(refusal({ ...none, flags: { dir: '' } }), /--dir must not be empty/);
});

config('an unknown key and a file that is no JSON object are refused, naming the file', () => {
  const withText = (text: string) => refusal({ ...none, file: { path: 'c.json', text } });
  assert.match(withText('{"prot": 9000}'), /c\.json: there is no setting 'prot'/);
  assert.match(withText('{'), /c\.json is not JSON/);
  assert.match(withText('[]'), /c\.json is not a JSON object/);
  assert.match(withText('{"port": null}'), /'port' is neither text nor a number/);
  assert.match(withText('{"__proto__": 1}'), /there is no setting '__proto__'/);
});

config('an empty variable counts as one that is not set', () => {
  assert.is(loadConfig({ flags: {}, environment: { LOGSTORE_PORT: '' } }).port, 9000);
});

config.run();
