import type { IncomingHttpHeaders } from 'node:http';
import { isLogStoreError } from '../../base/errors.js';
import type { CopySource } from '../../store/types.js';
import { decodePercent } from './address.js';
import { headerOf } from './header.js';
import { S3Error } from './s3-error.js';

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
    throw new S3Error('InvalidArgument', 'Version id cannot be the empty string');
  const path = decode(escaped.startsWith('/') ? escaped.slice(1) : escaped);
  const slash = path.indexOf('/');
  if (slash < 1 || slash === path.length - 1)
    throw new S3Error(
      'InvalidArgument',
      'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
    );
  return { bucket: path.slice(0, slash), key: path.slice(slash + 1), versionId };
}

/** A failed copy as S3 tells it: there is nothing to copy of a delete marker. */
export function copyRefusal(error: unknown): unknown {
  if (!isLogStoreError(error, 'DELETE_MARKER')) return error;
  const message =
    'The source of a copy request may not specifically refer to a delete marker by version id.';
  return new S3Error('InvalidRequest', message, { cause: error });
}

/** Where what a request reads lies: of a copy that is its source. */
export function readBucket(exchange: WithHeaders & { readonly bucket: string }): string {
  if (exchange.headers['x-amz-copy-source'] === undefined) return exchange.bucket;
  return copySource(exchange).bucket;
}

function decode(escaped: string): string {
  try {
    return decodePercent(escaped);
  } catch (cause) {
    throw new S3Error('InvalidArgument', 'Invalid copy source encoding.', { cause });
  }
}
