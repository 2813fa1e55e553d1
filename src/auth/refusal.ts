/** S3's codes for requests whose authentication fails. */
export type RefusalCode =
  | 'AccessDenied'
  | 'AuthorizationHeaderMalformed'
  | 'AuthorizationQueryParametersError'
  | 'InvalidAccessKeyId'
  | 'InvalidArgument'
  | 'InvalidPolicyDocument'
  | 'InvalidRequest'
  | 'InvalidToken'
  | 'RequestTimeTooSkewed'
  | 'SignatureDoesNotMatch'
  | 'XAmzContentSHA256Mismatch';

/** Why a request is refused. The message goes to the client, and holds nothing secret. */
export interface Refusal {
  readonly is: 'refused';
  readonly code: RefusalCode;
  readonly message: string;
  /** Further elements of the answer; a `Region` is the one to sign for, and clients look for it. */
  readonly details?: Readonly<Record<string, string>>;
}

export function refuse(
  code: RefusalCode,
  message: string,
  details?: Readonly<Record<string, string>>,
): Refusal {
  return details === undefined
    ? { is: 'refused', code, message }
    : { is: 'refused', code, message, details };
}

/** Names the argument and what it held, as S3 does. */
export function refuseArgument(message: string, ArgumentName: string, value: string): Refusal {
  return refuse('InvalidArgument', message, { ArgumentName, ArgumentValue: value });
}

/** @param name as S3 writes it */
export function refuseMissingField(name: string): Refusal {
  const order = 'If it is specified, please check the order of the fields.';
  return refuseArgument(`Bucket POST must contain a field named '${name}'.  ${order}`, name, '');
}

export function refuseUnknownKey(AWSAccessKeyId: string): Refusal {
  return refuse(
    'InvalidAccessKeyId',
    'The AWS Access Key Id you provided does not exist in our records.',
    { AWSAccessKeyId },
  );
}
