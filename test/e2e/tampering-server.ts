import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A server that passes on what another one answers, but for one path. */
export interface TamperingServer extends AsyncDisposable {
  readonly url: string;
}

/** @param edit gets what the other one answers to requests of `path`, and gives what is shown */
export async function tampering(
  url: string,
  path: string,
  edit: (body: Buffer) => string,
): Promise<TamperingServer> {
  const server = createServer(async (asked, answer) => {
    const { method, headers, url: target = '' } = asked;
    const passed = request(new URL(target, url), { method, headers }).end();
    const [answered] = await once(passed, 'response');
    const body = await buffer(answered);
    const shown = target.startsWith(path) ? edit(body) : body;
    const { 'content-length': _, 'transfer-encoding': __, ...others } = answered.headers;
    answer.writeHead(answered.statusCode, others).end(shown);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
