import type { IncomingHttpHeaders } from 'node:http';
import { headerBytes, headerName } from './object-headers.js';
import type { Query } from './query.js';
import { S3Error } from './s3-error.js';

const ofSignature = new Set([
  'x-amz-algorithm',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-expires',
  'x-amz-security-token',
  'x-amz-signature',
  'x-amz-signedheaders',
]);

/**
 * The checksums of no bytes at all. AWS's SDK for JavaScript, which knows no body when it presigns,
 * puts them into the URL, and S3 looks at no checksum there. Here every other one is verified.
 */
const ofNothing: Readonly<Record<string, string>> = {
  'x-amz-checksum-crc32': 'AAAAAA==',
  'x-amz-checksum-crc32c': 'AAAAAA==',
  'x-amz-checksum-crc64nvme': 'AAAAAAAAAAA=',
  'x-amz-checksum-sha1': '2jmj7l5rSw0yVb/vlWAYkK/YBwk=',
  'x-amz-checksum-sha256': '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
};

/** What URLs signed by Version 2 hold besides. */
const ofOldUrls = new Set(['content-md5', 'content-type']);

/**
 * A presigned URL's `x-amz-` parameters count as headers: signers hoist them.
 * @throws S3Error `InvalidArgument` for a name or a value that no header could have
 */
export function withHoistedHeaders(
  headers: IncomingHttpHeaders,
  query: Query,
): IncomingHttpHeaders {
  const hoisted = new Map<string, string>();
  const isOld = query.has('AWSAccessKeyId');
  for (const [parameter, value] of query) {
    const name = parameter.toLowerCase();
    const counts = name.startsWith('x-amz-') || (isOld && ofOldUrls.has(name));
    if (!counts || ofSignature.has(name) || headers[name] !== undefined) continue;
    const bytes = headerBytes(value);
    if (!headerName.test(name) || bytes === undefined)
      throw new S3Error('InvalidArgument', 'A query parameter holds what no header can');
    hoisted.set(name, bytes);
  }
  for (const [name, checksum] of Object.entries(ofNothing))
    if (hoisted.get(name) === checksum) {
      hoisted.delete(name);
      hoisted.delete('x-amz-sdk-checksum-algorithm');
    }
  return hoisted.size === 0 ? headers : { ...headers, ...Object.fromEntries(hoisted) };
}
