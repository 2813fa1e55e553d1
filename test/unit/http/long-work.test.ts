import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LogStoreError } from '../../../src/base/errors.js';
import { nodeHost } from '../../../src/host/node-host.js';
import { type Edge, RequestIds } from '../../../src/http/edge.js';
import { Answer } from '../../../src/http/s3/answer.js';
import { answerError } from '../../../src/http/s3/error-answer.js';
import { s3Document } from '../../../src/http/s3/xml.js';
import { VirtualClock } from '../../sim/virtual-clock.js';

const work = suite('work that takes long');

const document = s3Document('Done').close('Done').toString();

interface Told {
  readonly response: IncomingMessage;
  readonly body: string;
}

/** What a client is told of work that ends by `end`, behind so many signs of life. */
async function told(signs: number, end: (answer: Answer) => void): Promise<Told> {
  const clock = new VirtualClock(0);
  const edge: Partial<Edge> = {
    ...{ clock, requestIds: new RequestIds(nodeHost('.').random) },
    logger: { info: () => {}, warn: () => {}, error: () => {} },
  };
  const server = createServer((req, res) => {
    const answer = new Answer(edge as Edge, req, res, 'REQUEST', false);
    const promise = answer.promise();
    for (let sign = 0; sign < signs; sign += 1) clock.fireNext();
    promise[Symbol.dispose]();
    assert.is(clock.nextDueMs(), Number.POSITIVE_INFINITY);
    end(answer);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const request = get({ port, host: '127.0.0.1', agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let body = '';
  for await (const chunk of response) body += chunk;
  server.close();
  return { response, body };
}

work('a short one is answered as ever', async () => {
  const { response, body } = await told(0, (answer) => answer.sendXml(200, document, ['a', 'b']));
  assert.is(body, document);
  assert.is(response.headers.a, 'b');
  assert.is(response.headers['content-length'], String(document.length));
});

work('a long one is answered early, and kept alive by blanks', async () => {
  const { response, body } = await told(3, (answer) => answer.sendXml(200, document));
  assert.is(response.statusCode, 200);
  assert.is(response.headers['content-type'], 'application/xml');
  assert.is(response.headers['x-amz-request-id'], 'REQUEST');
  const [declaration, root] = document.split('\n');
  assert.is(body, `${declaration}\n  ${root}`);
});

work('one that fails late ends in an error, under the status that was sent', async () => {
  const error = new LogStoreError('NO_SUCH_KEY', 'it went');
  const { response, body } = await told(2, (answer) => answerError(answer, error));
  assert.is(response.statusCode, 200);
  assert.is(body.match(/<\?xml/g)?.length, 1);
  assert.match(body, /\n <Error><Code>NoSuchKey<\/Code>/);
  assert.ok(response.complete);
});

work('one that fails soon has the status of its error', async () => {
  const error = new LogStoreError('NO_SUCH_KEY', 'it went');
  const { response } = await told(0, (answer) => answerError(answer, error));
  assert.is(response.statusCode, 404);
});

work.run();
