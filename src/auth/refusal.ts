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
  | 'SignatureDoesNotMatch';

/** Why a request is refused. The message goes to the client, and holds nothing secret. */
export interface Refusal {
  readonly is: 'refused';
  readonly code: RefusalCode;
  readonly message: string;
  /** The region to sign for, where another was: clients look for it in the answer. */
  readonly region?: string;
}

export function refuse(code: RefusalCode, message: string, region?: string): Refusal {
  return region === undefined
    ? { is: 'refused', code, message }
    : { is: 'refused', code, message, region };
}
