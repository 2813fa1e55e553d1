import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryDirectory } from '../unit/host/temporary-directory.js';
import { logstore } from './logstore-process.js';
import { failureOf, type S3Place, s3Place } from './s3-place.js';

const reload = suite('encryption keys that come while a server runs');

const Bucket = 'sealed';
const put = ({ client }: S3Place, Key: string) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body: Key, ServerSideEncryption: 'AES256' }));
async function textOf({ client }: S3Place, Key: string): Promise<string | undefined> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
  return await Body?.transformToString();
}

/** Until the log says so: the server looks at the file once a second. */
async function told(at: S3Place, message: string): Promise<void> {
  const isTold = () => at.log.some((line) => line.message === message);
  while (!isTold()) await textOf(at, 'first');
}

async function rotate(file: string): Promise<void> {
  const args = ['keys', 'rotate', '--dir', 'nowhere', '--encryption-key-file', file];
  const { code, stderr } = await logstore(args);
  assert.is(code, 0, stderr);
}

interface KeyFile {
  readonly keys: readonly object[];
}

reload('what is written after a rotation is under the new key, without a restart', async () => {
  using directory = temporaryDirectory();
  const encryptionKeyFile = join(directory.path, 'keys.json');
  const dir = join(directory.path, 'store');
  {
    await using at = await s3Place({ dir, encryptionKeyFile });
    await at.client.send(new CreateBucketCommand({ Bucket }));
    await put(at, 'first');
    await rotate(encryptionKeyFile);
    await told(at, 'encryption keys reloaded');
    await put(at, 'second');
    for (const key of ['first', 'second']) assert.is(await textOf(at, key), key);
  }
  const { keys } = JSON.parse(readFileSync(encryptionKeyFile, 'utf8')) as KeyFile;
  assert.is(keys.length, 2);
  writeFileSync(encryptionKeyFile, JSON.stringify({ keys: keys.slice(1) }));
  await using again = await s3Place({ dir, encryptionKeyFile });
  assert.is(await textOf(again, 'second'), 'second');
  assert.is(await failureOf(textOf(again, 'first')), 'InternalError');
});

reload('a file that cannot be read is told of once, and the keys stay', async () => {
  using directory = temporaryDirectory();
  const encryptionKeyFile = join(directory.path, 'keys.json');
  await using at = await s3Place({ encryptionKeyFile });
  await at.client.send(new CreateBucketCommand({ Bucket }));
  await put(at, 'first');
  const good = readFileSync(encryptionKeyFile);
  const complaint = 'the encryption keys cannot be read; the known ones stay';
  writeFileSync(encryptionKeyFile, 'half a file');
  await told(at, complaint);
  await put(at, 'second');
  writeFileSync(encryptionKeyFile, good);
  chmodSync(encryptionKeyFile, 0o600);
  await rotate(encryptionKeyFile);
  await told(at, 'encryption keys reloaded');
  for (const key of ['first', 'second']) assert.is(await textOf(at, key), key);
  assert.is(at.log.filter(({ message }) => message === complaint).length, 1);
});

reload.run();
