import type { IncomingHttpHeaders } from 'node:http';
import { isLogStoreError } from '../../base/errors.js';
import type { CopySource } from '../../store/types.js';
import { decodePercent } from './address.js';
import { headerOf } from './header.js';
import { invalidArgument, S3Error } from './s3-error.js';

interface WithHeaders {
  readonly headers: IncomingHttpHeaders;
}

/**
 * Reads `x-amz-copy-source`: `bucket/key`, escaped, perhaps with a slash in front, perhaps with
 * `?versionId=…` behind.
 * @throws S3Error `InvalidArgument`
 */
export function copySource({ headers }: WithHeaders): CopySource {
  const given = headerOf(headers, 'x-amz-copy-source') ?? '';
  const version = given.lastIndexOf('?versionId=');
  const escaped = version === -1 ? given : given.slice(0, version);
  const versionId =
    version === -1 ? undefined : decode(given.slice(version + '?versionId='.length));
  if (versionId === '')
    throw invalidArgument('Version id cannot be the empty string', 'x-amz-copy-source', given);
  const path = decode(escaped.startsWith('/') ? escaped.slice(1) : escaped);
  const slash = path.indexOf('/');
  const bucket = slash === -1 ? path : path.slice(0, slash);
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    throw invalidArgument('Invalid copy source bucket name', 'x-amz-copy-source', given);
  if (slash === -1 || slash === path.length - 1)
    throw invalidArgument('Invalid copy source object key', 'x-amz-copy-source', given);
  return { bucket, key: path.slice(slash + 1), versionId };
}

/** A failed copy as S3 tells it: there is nothing to copy of a delete marker. */
export function copyRefusal(error: unknown): unknown {
  if (!isLogStoreError(error, 'DELETE_MARKER')) return error;
  const message =
    'The source of a copy request may not specifically refer to a delete marker by version id.';
  return new S3Error('InvalidRequest', message, { cause: error });
}

/** What a request reads: of a copy that is its source. */
export function readObject(
  exchange: WithHeaders & { readonly bucket: string; readonly key: string },
): {
  readonly bucket: string;
  readonly key: string;
} {
  const { headers, bucket, key } = exchange;
  return headers['x-amz-copy-source'] === undefined ? { bucket, key } : copySource(exchange);
}

function decode(escaped: string): string {
  try {
    return decodePercent(escaped);
  } catch {
    throw invalidArgument('Invalid copy source encoding', 'x-amz-copy-source', escaped);
  }
}
