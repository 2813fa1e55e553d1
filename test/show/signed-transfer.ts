import { createCipheriv, createHash } from 'node:crypto';
import { once } from 'node:events';
import { type ClientRequest, request } from 'node:http';
import { signRequest } from '../../src/auth/sign.js';

export const credentials = { accessKeyId: 'AKIASHOWSHOWSHOWSHOW', secret: 's'.repeat(40) };

/** What a server must be started with to know them. */
export const credentialsEnvironment = {
  LOGSTORE_ACCESS_KEY: credentials.accessKeyId,
  LOGSTORE_SECRET_KEY: credentials.secret,
};

const pieceBytes = 1024 ** 2;
const zeros = Buffer.alloc(pieceBytes);

/** A request on a connection of its own, signed, its body unsigned and not sent yet. */
export function signedRequest(
  url: string,
  method: 'GET' | 'PUT',
  path: string,
  sizeBytes = 0,
): ClientRequest {
  const { host } = new URL(url);
  const unsigned = { method, rawPath: path, rawQuery: '', headers: { host } };
  const options = { credentials, region: 'us-east-1', timeMs: Date.now() };
  const { headers } = signRequest(unsigned, 'UNSIGNED-PAYLOAD', options);
  const length = method === 'PUT' ? { 'content-length': sizeBytes } : {};
  return request(url + path, { method, agent: false, headers: { ...headers, host, ...length } });
}

/** Sends `sizeBytes` of the pattern of `seed`, never more than the server takes. */
export async function sendPattern(
  to: ClientRequest,
  seed: number,
  sizeBytes: number,
): Promise<Buffer> {
  // A key stream: no two pieces are alike, and none is ever in memory but the one on its way.
  const pattern = createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16));
  const hash = createHash('sha256');
  for (let sent = 0; sent < sizeBytes; sent += pieceBytes) {
    const piece = pattern.update(zeros.subarray(0, Math.min(pieceBytes, sizeBytes - sent)));
    hash.update(piece);
    if (!to.write(piece)) await once(to, 'drain');
  }
  return hash.digest();
}
