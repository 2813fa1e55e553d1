import { hash } from 'node:crypto';
import { signRequest } from '../src/auth/sign.js';

export const credentials = { accessKeyId: 'AKIABENCHBENCHBENCH1', secret: 's'.repeat(40) };
/** Of a user beside root. */
export const userCredentials = { accessKeyId: 'AKIABENCHUSERBENCHU1', secret: 'u'.repeat(40) };
export const region = 'us-east-1';
export const bucket = 'bench';

/** Of no request: both servers are asked with the same bytes, whatever their port is. */
const host = 'bench.invalid';

/** The raw bytes of a request's head, signed in its headers, with or without a body behind it. */
export function signedHead(
  method: 'GET' | 'PUT',
  path: string,
  body?: { readonly sha256: string; readonly sizeBytes: number },
  signer = credentials,
): Buffer {
  const headers: Record<string, string> = { host };
  const [rawPath = '', rawQuery = ''] = path.split('?');
  const request = { method, rawPath, rawQuery, headers };
  const payload = body?.sha256 ?? hash('sha256', '');
  const options = { credentials: signer, region, timeMs: Date.now() };
  const { headers: added } = signRequest(request, payload, options);
  const lines = Object.entries({ ...headers, ...added }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  if (method === 'PUT') lines.push(`content-length: ${body?.sizeBytes ?? 0}`);
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}
