import { limits } from '../../base/limits.js';
import type { Exchange } from './exchange.js';
import { headerOf } from './header.js';
import type { Query } from './query.js';
import { invalidArgument } from './s3-error.js';
import { urlEncode } from './xml.js';

/** How the names in a listing are written: as they are, or escaped when the client asked for it. */
export type NameEncoder = (name: string) => string;

export interface ListingParameters {
  readonly prefix: string;
  /** Absent when empty: S3 takes the two as one. */
  readonly delimiter: string | undefined;
  readonly encodingType: 'url' | undefined;
  readonly encode: NameEncoder;
}

/** @throws S3Error `InvalidArgument` */
export function listingParameters(query: Query): ListingParameters {
  const encodingType = query.get('encoding-type');
  if (encodingType !== undefined && encodingType !== 'url')
    throw invalidArgument(
      'Invalid Encoding Method specified in Request',
      'encoding-type',
      encodingType,
    );
  return {
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') || undefined,
    encodingType,
    encode: encodingType === 'url' ? urlEncode : (name) => name,
  };
}

/**
 * Nothing is archived here, so that of what is restored there is nothing to tell; another attribute
 * is not known to S3 either.
 * @throws S3Error `InvalidArgument`
 */
export function checkOptionalAttributes({ headers }: Exchange): void {
  const header = 'x-amz-optional-object-attributes';
  const unknown = headerOf(headers, header)
    ?.split(',')
    .find((name) => name.trim() !== 'RestoreStatus');
  if (unknown === undefined) return;
  throw invalidArgument('Invalid attribute name specified.', header, unknown.trim());
}

/**
 * The page size that a parameter asks for: 1,000 unless fewer.
 * @throws S3Error `InvalidArgument` for what is no whole number from 0 to 2^31 - 1
 */
export function pageSize(exchange: Exchange, parameter: string): number {
  const given = exchange.query.get(parameter);
  if (given === undefined || given === '') return limits.listPageMax;
  return Math.min(countOf(parameter, given), limits.listPageMax);
}

/**
 * A parameter's whole number from 0 to 2^31 - 1.
 * @throws S3Error `InvalidArgument`
 */
export function countOf(parameter: string, given: string): number {
  if (/^\d{1,10}$/.test(given) && Number(given) < 2 ** 31) return Number(given);
  const message = /^-\d+$/.test(given)
    ? `Argument ${parameter} must be an integer between 0 and 2147483647`
    : `Provided ${parameter} not an integer or within integer range`;
  throw invalidArgument(message, parameter, given);
}

/** Continuation tokens are opaque to clients: the name that the page ended with. */
export function writeToken(name: string): string {
  return Buffer.from(name, 'utf8').toString('base64url');
}

/**
 * An empty one is none: some clients begin so.
 * @throws S3Error `InvalidArgument` for what no listing ever gave out
 */
export function readToken(token: string | undefined): string | undefined {
  if (token === undefined || token === '') return undefined;
  const name = Buffer.from(token, 'base64url').toString('utf8');
  if (writeToken(name) === token) return name;
  throw invalidArgument(
    'The continuation token provided is incorrect',
    'continuation-token',
    token,
  );
}
