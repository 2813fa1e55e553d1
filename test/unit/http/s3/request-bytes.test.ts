import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../../../src/base/errors.js';
import { nodeHost } from '../../../../src/host/node-host.js';
import { type Edge, RequestIds } from '../../../../src/http/edge.js';
import { TransferWatch } from '../../../../src/http/guards.js';
import { HeldBodies } from '../../../../src/http/held-bodies.js';
import { Answer } from '../../../../src/http/s3/answer.js';
import { collectRequest, requestChunks } from '../../../../src/http/s3/request-bytes.js';
import { failureOf } from '../../../failure-of.js';

const bodies = suite('bodies of clients that have gone');

const { clock, random } = nodeHost('.');
const edge: Partial<Edge> = {
  ...{ clock, requestIds: new RequestIds(random), transfers: new TransferWatch(clock, 1000) },
};

/** A request whose client went before anything of its body was asked for. */
async function abandoned(sent: string): Promise<[IncomingMessage, ServerResponse]> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const client = connect(Number(port), '127.0.0.1');
  client.write(`PUT / HTTP/1.1\r\nhost: h\r\ncontent-length: 4\r\n\r\n${sent}`);
  const [req, res] = (await once(server, 'request')) as [IncomingMessage, ServerResponse];
  const gone = once(res, 'close');
  client.destroy();
  await gone;
  server.close();
  return [req, res];
}

for (const [what, sent] of [
  ['some', 'bo'],
  ['all', 'body'],
] as const)
  bodies(`one who had sent ${what} of a body is waited for by nobody`, async () => {
    const [req, res] = await abandoned(sent);
    const answer = new Answer(edge as Edge, req, res, 'REQUEST', false);
    for (const read of [collectRequest(answer), requestChunks(answer).next()])
      assert.ok(isLogStoreError(await failureOf(read), 'ABORTED'));
  });

bodies('one who has gone holds no memory for a document', async () => {
  const held = new HeldBodies();
  const [, res] = await abandoned('');
  for (let count = 0; count < 100; count += 1) held.hold(1024 ** 2, res);
});

bodies.run();
