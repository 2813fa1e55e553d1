import { parseAmzDate } from './amz-date.js';
import {
  type Refusal,
  refuse,
  refuseArgument,
  refuseMissingField,
  refuseUnknownKey,
} from './refusal.js';
import { isSameHexDigest } from './same-digest.js';
import { credentialOf, wrongRegion } from './signature-claim.js';
import { deriveSigningKey, hmac, signatureAlgorithm } from './signing-key.js';
import { isSameSignature, signV2 } from './sigv2.js';
import type { SigV4Options } from './sigv4-options.js';

const minuteMs = 60_000;
const ageMsMax = 7 * 24 * 60 * minuteMs; // as of presigned URLs
const skewMsMax = 15 * minuteMs;

type Proven = { readonly is: 'proven'; readonly accessKeyId: string };

/**
 * Proves who signed the policy of a form, whose fields are given by names in lower case.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-authentication-HTTPPOST.html
 */
export function verifyFormSignature(
  fields: ReadonlyMap<string, string>,
  { region, secretOf, signatureV2 }: SigV4Options,
  nowMs: number,
): Proven | Refusal {
  const isOld = fields.has('signature') || fields.has('awsaccesskeyid');
  const isNew = fields.has('x-amz-signature') || fields.has('x-amz-credential');
  const policy = fields.get('policy');
  if (policy === undefined && !isOld && !isNew) return refuse('AccessDenied', 'Access Denied.');
  if (isOld && isNew) return refuse('InvalidArgument', 'Only one auth mechanism allowed');
  if (fields.has('x-amz-security-token'))
    return refuse('InvalidToken', 'The provided token is malformed or otherwise invalid.');
  if (policy === undefined) return refuseMissingField('policy');
  if (!isOld) return verifyNew(fields, policy, region, secretOf, nowMs);
  if (signatureV2 === undefined || signatureV2 === 'off')
    return refuse('InvalidRequest', `Use ${signatureAlgorithm}; Version 2 is not supported.`);
  return verifyOld(fields, policy, secretOf);
}

function verifyNew(
  fields: ReadonlyMap<string, string>,
  policy: string,
  region: string,
  secretOf: SigV4Options['secretOf'],
  nowMs: number,
): Proven | Refusal {
  for (const name of ['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Date', 'X-Amz-Signature'])
    if (!fields.has(name.toLowerCase())) return refuseMissingField(name);
  const of = (name: string) => fields.get(name) ?? '';
  if (of('x-amz-algorithm') !== signatureAlgorithm)
    return refuseArgument(
      `Only ${signatureAlgorithm} is supported`,
      'X-Amz-Algorithm',
      of('x-amz-algorithm'),
    );
  const signedAtMs = parseAmzDate(of('x-amz-date'));
  if (signedAtMs === undefined)
    return refuseArgument(
      'X-Amz-Date must be formatted as ISO8601 Long Format',
      'X-Amz-Date',
      of('x-amz-date'),
    );
  const found = credentialOf('form', of('x-amz-credential'), of('x-amz-date'));
  if (found.is === 'refused') return found;
  const { accessKeyId, scope } = found;
  const refusal = wrongRegion('form', scope, region);
  if (refusal !== undefined) return refusal;
  if (signedAtMs - nowMs > skewMsMax || nowMs - signedAtMs > ageMsMax)
    return refuse('AccessDenied', 'Invalid according to Policy: Policy expired.');
  const secret = secretOf(accessKeyId);
  if (secret === undefined) return refuseUnknownKey(accessKeyId);
  const expected = hmac(deriveSigningKey(secret, scope), policy);
  return isSameHexDigest(expected, of('x-amz-signature'))
    ? { is: 'proven', accessKeyId }
    : doesNotMatch();
}

function verifyOld(
  fields: ReadonlyMap<string, string>,
  policy: string,
  secretOf: SigV4Options['secretOf'],
): Proven | Refusal {
  const accessKeyId = fields.get('awsaccesskeyid');
  const signature = fields.get('signature');
  if (accessKeyId === undefined) return refuseMissingField('AWSAccessKeyId');
  if (signature === undefined) return refuseMissingField('signature');
  const secret = secretOf(accessKeyId);
  if (secret === undefined) return refuseUnknownKey(accessKeyId);
  return isSameSignature(signV2(secret, policy), signature)
    ? { is: 'proven', accessKeyId }
    : doesNotMatch();
}

function doesNotMatch(): Refusal {
  return refuse(
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. ' +
      'Check your key and signing method.',
  );
}
