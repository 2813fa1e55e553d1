import {
  type CanonicalParameter,
  decodedPart,
  headerText,
  type SignableRequest,
} from './canonical-request.js';
import { type Refusal, refuse } from './refusal.js';
import { dateOf, noDate, skewedTime } from './signature-claim.js';
import { amzHeaders, ofResource, resources, type Verified, verifyText } from './sigv2.js';

/**
 * What a signature in a header leaves unsigned, and clients send all the same: it changes what a
 * listing shows. Other parameters that are not signed are refused: one could be another operation.
 */
const unsigned = new Set([
  ...['prefix', 'delimiter', 'marker', 'max-keys', 'encoding-type', 'list-type', 'start-after'],
  ...['continuation-token', 'fetch-owner', 'key-marker', 'version-id-marker', 'max-uploads'],
  ...[
    'upload-id-marker',
    'part-number-marker',
    'max-parts',
    'max-buckets',
    'bucket-region',
    'x-id',
  ],
]);

/**
 * AWS Signature Version 2 in the `Authorization` header.
 * @param parameters as `canonicalParameters` encodes them
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html
 */
export function verifySigV2Header(
  request: SignableRequest,
  parameters: readonly CanonicalParameter[],
  secretOf: (accessKeyId: string) => string | undefined,
  nowMs: number,
): Verified | Refusal {
  const authorization = headerText(request, 'authorization') ?? '';
  const [, accessKeyId = '', signature = ''] = /^AWS (.+):([^:]+)$/.exec(authorization) ?? [];
  if (signature === '')
    return refuse('InvalidArgument', 'The Authorization header needs a key id and a signature');
  const query = new Map<string, string>();
  for (const parameter of parameters) {
    const name = decodedPart(parameter.name);
    if (query.has(name)) return refuse('InvalidArgument', `${name} is given more than once.`);
    query.set(name, decodedPart(parameter.value));
    if (!ofResource.has(name) && !unsigned.has(name))
      return refuse(
        'InvalidRequest',
        `A signature of Version 2 does not cover the parameter ${name}. Use AWS4-HMAC-SHA256.`,
      );
  }
  const date = dateOf(request.headers);
  if (date === undefined) return noDate();
  const refusal = skewedTime(date.timeMs, nowMs);
  if (refusal !== undefined) return refusal;
  const texts = resources(request, query).map((each) => `${linesToSign(request)}${each}`);
  return verifyText(texts, signature, accessKeyId, secretOf(accessKeyId));
}

function linesToSign(request: SignableRequest): string {
  const of = (name: string) => headerText(request, name)?.trim() ?? '';
  // The one among the `x-amz-` headers is signed with them.
  const date = request.headers['x-amz-date'] === undefined ? of('date') : '';
  const lines = [request.method, of('content-md5'), of('content-type'), date];
  return `${lines.join('\n')}\n${amzHeaders(request, new Map())}`;
}
