import { type S3Code, S3Error } from './s3-error.js';

const wording: { readonly [code in S3Code]?: string } = {
  AccessDenied: 'Access Denied',
  EntityTooLarge: 'Your proposed upload exceeds the maximum allowed object size.',
  IncompleteBody:
    'You did not provide the number of bytes specified by the Content-Length HTTP header.',
  InvalidPartNumber: 'The requested partnumber is not satisfiable',
  InvalidRange: 'The requested range is not satisfiable',
  InvalidStorageClass: 'The storage class you specified is not valid',
  InvalidURI: "Couldn't parse the specified URI.",
  KeyTooLongError: 'Your key is too long',
  MalformedXML:
    'The XML you provided was not well-formed or did not validate against our published schema',
  MaxMessageLengthExceeded: 'Your request was too big.',
  MetadataTooLarge: 'Your metadata headers exceed the maximum allowed metadata size.',
  MethodNotAllowed: 'The specified method is not allowed against this resource.',
  MissingContentLength: 'You must provide the Content-Length HTTP header.',
  MissingRequestBodyError: 'Request Body is empty',
  NotImplemented: 'A header or query you provided implies functionality that is not implemented',
  NotModified: 'Not Modified',
  PreconditionFailed: 'At least one of the pre-conditions you specified did not hold',
  RequestHeaderSectionTooLarge: 'Your request header section exceeds the maximum allowed size.',
  RequestTimeout:
    'Your socket connection to the server was not read from or written to within the timeout period.',
  SlowDown: 'Please reduce your request rate.',
};

/** The error of that code in AWS's own words, unless `message` says it better. */
export function refusal(code: S3Code, message?: string, options?: ErrorOptions): S3Error {
  return new S3Error(code, message ?? wording[code] ?? code, options);
}
