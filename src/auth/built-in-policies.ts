import { type Policy, parsePolicy } from './policy-document.js';

const allow = (Action: string | readonly string[]) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action, Resource: '*' }],
  });

/** Policies that every store knows; a policy of the operator's cannot take their names. */
const texts = {
  readwrite: allow('s3:*'),
  readonly: allow(['s3:Get*', 's3:List*']),
  writeonly: allow(['s3:PutObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts']),
  // Owners may do everything with what they own, so this is all that takes.
  'own-buckets': allow(['s3:CreateBucket', 's3:ListAllMyBuckets']),
} as const;

export const builtInTexts: ReadonlyMap<string, string> = new Map(Object.entries(texts));

export const builtInPolicies: ReadonlyMap<string, Policy> = new Map(
  Object.entries(texts).map(([name, text]) => [name, parsePolicy(text)]),
);
