import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { signRequest } from '../../src/auth/sign.js';
import { temporaryDirectory } from '../unit/host/temporary-directory.js';
import { Served } from './logstore-process.js';
import { credentials, openLine } from './s3-place.js';

const handles = suite('a server that runs out of file handles');

const handlesMax = 256; // enough to load all modules at once

async function send(port: number, agent: Agent, method: string, path: string, body?: string) {
  const headers = { host: `127.0.0.1:${port}`, 'content-length': String(body?.length ?? 0) };
  const request = { method, rawPath: path, rawQuery: '', headers };
  const { accessKeyId, secretAccessKey: secret } = credentials;
  const signed = signRequest(request, 'UNSIGNED-PAYLOAD', {
    ...{ credentials: { accessKeyId, secret }, region: 'us-east-1', timeMs: Date.now() },
  });
  const all = { ...headers, ...signed.headers };
  const sent = httpRequest({ port, method, path, agent, headers: all });
  sent.end(body);
  const [answer] = await once(sent, 'response');
  let text = '';
  for await (const chunk of answer) text += chunk;
  return { status: answer.statusCode as number, text };
}

handles('faults 43: connections beyond its handles harm neither it nor its objects', async () => {
  using directory = temporaryDirectory();
  const keys = {
    LOGSTORE_ACCESS_KEY: credentials.accessKeyId,
    LOGSTORE_SECRET_KEY: credentials.secretAccessKey,
  };
  const args = ['--dir', join(directory.path, 'store')];
  await using served = await Served.startWithin(handlesMax, args, keys);
  assert.is.not(served.url, '', served.told);
  const port = Number(new URL(served.url).port);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    assert.is((await send(port, agent, 'PUT', '/kept')).status, 200);
    assert.is((await send(port, agent, 'PUT', '/kept/k', 'the body')).status, 200);
    const lines = Array.from({ length: 2 * handlesMax }, () => openLine(port));
    for (const { socket } of lines) socket.write('GET / HTTP/1.1\r\nHost: x\r\n');
    for (let round = 0; round < 20; round += 1) {
      const { status, text } = await send(port, agent, 'GET', '/kept/k');
      assert.ok((status === 200 && text === 'the body') || status === 503, `${status} ${text}`);
    }
    for (const { socket } of lines) socket.destroy();
    await Promise.all(lines.map(({ closed }) => closed));
    assert.is((await send(port, agent, 'GET', '/kept/k')).text, 'the body');
    assert.is(served.child.exitCode, null);
  } finally {
    agent.destroy();
  }
});

handles.run();
