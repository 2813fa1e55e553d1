import type { Operation } from '../../src/http/s3/operations.js';
import type { RawRequest } from './s3-place.js';

/** A request that selects an operation, in a bucket that may hold the key `kept`. */
export function requestFor(operation: Operation, bucket: string): RawRequest {
  const { method, scope, query, header } = operation;
  const paths = { service: '/', bucket: `/${bucket}`, object: `/${bucket}/kept` };
  const selector = query.map((each) => (each.includes('=') ? each : `${each}=1`)).join('&');
  const target = selector === '' ? paths[scope] : `${paths[scope]}?${selector}`;
  const headers = header === undefined ? {} : { [header]: `/${bucket}/kept` };
  const hasBody = method === 'PUT' || method === 'POST';
  return { method, target, headers, ...(hasBody ? { body: 'forged' } : {}) };
}
