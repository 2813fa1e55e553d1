import type { IncomingHttpHeaders } from 'node:http';

/** A header that counts once, however often it was sent. */
export function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : value?.[0];
}
