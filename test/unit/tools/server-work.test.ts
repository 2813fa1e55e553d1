import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { askServer } from '../../../tools/server-work.js';
import { failsWith } from '../../conformance/store-words.js';

const work = suite('work of a server');

/** Asks a server that writes this and then cuts the connection, or ends its answer. */
async function asked(text: string, ending: 'cut' | 'end', onLine: () => void): Promise<object> {
  const server = createServer((_req, res) => {
    if (ending === 'end') res.end(text);
    else res.write(text, () => res.socket?.resetAndDestroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const endpoint = new URL(`http://127.0.0.1:${port}`);
  const options = { endpoint, region: 'us-east-1', credentials: undefined };
  try {
    return await askServer<object>(options, 'compact', {}, onLine);
  } finally {
    server.close();
  }
}

const line = '{"doneBytes":1,"totalBytes":2}\n';

work('its last line is the answer', async () => {
  let lineCount = 0;
  const report = await asked(`${line}${line}{"report":{"freed":7}}\n`, 'end', () => lineCount++);
  assert.equal([report, lineCount], [{ freed: 7 }, 2]);
  const error = '{"error":{"code":"SlowDown","message":"later"}}\n';
  await failsWith(
    'BUSY',
    asked(error, 'end', () => undefined),
  );
});

work('a server that breaks off is told of as such, wherever it does', async () => {
  for (const text of [line, `${line}{"doneB`])
    await failsWith(
      'IO',
      asked(text, 'cut', () => undefined),
    );
  await failsWith(
    'IO',
    asked(line, 'end', () => undefined),
  );
});

work.run();
