import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketLoggingCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../src/base/errors.js';
import { temporaryDirectory } from '../unit/host/temporary-directory.js';
import { openLine, type S3Place, s3Place } from './s3-place.js';

const tls = suite('S3 over TLS');
const directory = temporaryDirectory();
const path = (name: string) => join(directory.path, name);

/** A certificate that signs itself, and its key. @returns whether there is an openssl to make it */
function makeCertificate(name: string): boolean {
  const names = 'subjectAltName=DNS:localhost,DNS:s3.test,DNS:*.s3.test,IP:127.0.0.1';
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const files = ['-keyout', path(`${name}.key`), '-out', path(`${name}.cert`)];
  const subject = ['-subj', `/CN=${name}`, '-addext', names, '-days', '2'];
  try {
    execFileSync('openssl', ['req', '-x509', ...curve, ...subject, ...files], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

const hasCertificates = makeCertificate('first') && makeCertificate('second');
const settings = { tlsCert: path('cert.pem'), tlsKey: path('key.pem') };

/** As tools that renew do it: each file is whole under its name, one after the other. */
function install(name: string): void {
  for (const [from, to] of [
    [`${name}.key`, settings.tlsKey],
    [`${name}.cert`, settings.tlsCert],
  ] as const) {
    copyFileSync(path(from), `${to}.new`);
    renameSync(`${to}.new`, to);
  }
}

async function place(over: Readonly<Record<string, string>> = {}): Promise<S3Place> {
  install('first');
  return s3Place({ ...settings, ...over });
}

function clientOf(at: S3Place) {
  const ca = readFileSync(path('first.cert'));
  return at.newClient({ requestHandler: { httpsAgent: new Agent({ ca }) } });
}

/** Whose certificate a new connection is shown. */
function shownBy({ port }: S3Place): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    socket.on('error', reject);
    socket.on('secureConnect', () => {
      const { subject } = socket.getPeerCertificate();
      socket.destroy();
      resolve(String(subject.CN));
    });
  });
}

if (!hasCertificates) {
  tls('everything about TLS', () => console.log('SKIPPED: openssl is not installed'));
} else {
  tls('objects travel, and addresses in answers say https', async () => {
    await using at = await place();
    assert.match(at.url, /^https:/);
    const client = clientOf(at);
    await client.send(new CreateBucketCommand({ Bucket: 'safe' }));
    const object = { Bucket: 'safe', Key: 'k' };
    await client.send(new PutObjectCommand({ ...object, Body: 'x'.repeat(300_000) }));
    const got = await client.send(new GetObjectCommand(object));
    assert.is((await got.Body?.transformToString())?.length, 300_000);
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(object));
    const part = { ...object, UploadId, PartNumber: 1 };
    const { ETag } = await client.send(new UploadPartCommand({ ...part, Body: 'part' }));
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    const complete = new CompleteMultipartUploadCommand({ ...object, UploadId, MultipartUpload });
    assert.is((await client.send(complete)).Location, `${at.url}/safe/k`);
  });

  tls('an access log tells cipher and version', async () => {
    await using at = await place({ accessLogInterval: '100ms' });
    const client = clientOf(at);
    await client.send(new CreateBucketCommand({ Bucket: 'safe' }));
    const LoggingEnabled = { TargetBucket: 'safe', TargetPrefix: 'log/' };
    const logging = { Bucket: 'safe', BucketLoggingStatus: { LoggingEnabled } };
    await client.send(new PutBucketLoggingCommand(logging));
    const list = new ListObjectsV2Command({ Bucket: 'safe' });
    let Key: string | undefined;
    while (Key === undefined) Key = (await client.send(list)).Contents?.[0]?.Key;
    const { Body } = await client.send(new GetObjectCommand({ Bucket: 'safe', Key }));
    const host = new URL(at.url).host;
    const behind = `SigV4 TLS_AES_256_GCM_SHA384 AuthHeader ${host} TLSv1.3 - -\n`;
    assert.match((await Body?.transformToString()) ?? '', behind);
  });

  tls('a bucket in the host name is served, under a certificate for all of them', async () => {
    await using at = await place({ domain: 's3.test' });
    await clientOf(at).send(new CreateBucketCommand({ Bucket: 'photos' }));
    const host = `photos.s3.test:${at.port}`;
    const put = { method: 'PUT', target: '/cat', body: 'a cat', headers: { host } };
    const answer = await new Promise<number | undefined>((resolve, reject) => {
      const sent = request({
        ...{ host: '127.0.0.1', port: at.port, path: '/cat', method: 'PUT', agent: false },
        ...{ headers: at.sign(put), ca: readFileSync(path('first.cert')) },
        servername: 'photos.s3.test',
      });
      sent.on('error', reject);
      sent.on('response', ({ statusCode }) => resolve(statusCode));
      sent.end('a cat');
    });
    assert.is(answer, 200);
  });

  tls('a new certificate is taken up; a connection under way goes on', async () => {
    await using at = await place();
    const line = connectTls({ port: at.port, host: '127.0.0.1', rejectUnauthorized: false });
    await new Promise((resolve) => line.once('secureConnect', resolve));
    assert.is(await shownBy(at), 'first');
    install('second');
    while ((await shownBy(at)) !== 'second');
    const answered = new Promise<string>((resolve) =>
      line.once('data', (text) => resolve(`${text}`)),
    );
    line.write('GET /_/health/live HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.match(await answered, '200 OK');
    line.destroy();
  });

  tls('what is no certificate is told of, and the good one stays', async () => {
    await using at = await place();
    writeFileSync(settings.tlsCert, 'half a file');
    const told = 'the new certificate cannot be used; the old one stays';
    while (!at.log.some(({ message }) => message === told)) assert.is(await shownBy(at), 'first');
    assert.is(await shownBy(at), 'first');
    install('second');
    while ((await shownBy(at)) !== 'second');
    assert.is(at.log.filter(({ message }) => message === told).length, 1);
  });

  tls('who speaks plain HTTP is cut off, and the server lives', async () => {
    await using at = await place();
    assert.not.match(await at.exchange('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), '200');
    assert.is(await shownBy(at), 'first');
  });

  tls('faults 99: who never ends the handshake is cut off, and others are served', async () => {
    await using at = await place({ headersTimeout: '1s' });
    const lines = Array.from({ length: 50 }, () => openLine(at.port));
    for (const { socket } of lines.slice(0, 25)) socket.write(Buffer.from('160301', 'hex'));
    assert.is(await shownBy(at), 'first');
    await Promise.all(lines.map(({ closed }) => closed));
    assert.is(await shownBy(at), 'first');
  });

  tls('faults 100: connections beyond the bound are closed at once', async () => {
    await using at = await place({ maxConnections: '8' });
    const lines = Array.from({ length: 8 }, () => openLine(at.port));
    await Promise.all(
      lines.map(({ socket }) => new Promise((done) => socket.once('connect', done))),
    );
    const more = connect(at.port, '127.0.0.1');
    more.on('error', () => {});
    await new Promise((resolve) => more.once('close', resolve));
    for (const { socket } of lines) socket.destroy();
    await Promise.all(lines.map(({ closed }) => closed));
  });

  tls('files that are missing, or do not go together, are a wrong setting', async () => {
    install('first');
    for (const over of [
      { tlsCert: path('nothing.cert') },
      { tlsKey: path('nothing.key') },
      { tlsKey: path('second.key') },
      { tlsCert: path('first.key') },
    ]) {
      const failure = await s3Place({ ...settings, ...over }).then(
        () => undefined,
        (error: unknown) => error,
      );
      assert.ok(isLogStoreError(failure, 'INVALID_ARGUMENT'));
      assert.match(failure.message, Object.values(over)[0] ?? '');
    }
    for (const alone of [{ tlsCert: settings.tlsCert }, { tlsKey: settings.tlsKey }]) {
      const failure = await s3Place(alone).catch((error: unknown) => error);
      assert.ok(isLogStoreError(failure, 'INVALID_ARGUMENT'));
    }
  });
}

tls.after(() => directory[Symbol.dispose]());

tls.run();
