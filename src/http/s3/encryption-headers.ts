import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isLogStoreError } from '../../base/errors.js';
import type { EncryptionRequest, ObjectInfo } from '../../store/types.js';
import type { FlatHeaders } from './answer.js';
import type { Exchange } from './exchange.js';
import { headerOf } from './header.js';
import { S3Error } from './s3-error.js';

/**
 * Encryption at rest, as headers ask for it.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html
 */

const prefix = 'x-amz-server-side-encryption';
const customerPrefix = `${prefix}-customer-`;
const copyPrefix = 'x-amz-copy-source-server-side-encryption-customer-';
const provided = 'Requests specifying Server Side Encryption with Customer provided keys must';
const keyBytes = 32;
const kmsMark = 'kms:';

/**
 * What an object that is written is to be encrypted with.
 * @throws S3Error `InvalidArgument`, `InvalidRequest`, `InvalidEncryptionAlgorithmError`;
 *   `NotImplemented` for keys of KMS where there are none, `KMS.NotFoundException`
 */
export function writeEncryption(exchange: Exchange): EncryptionRequest | undefined {
  const { headers } = exchange;
  const method = headerOf(headers, prefix);
  const key = customerKey(exchange);
  if (method === undefined) {
    if (headers[`${prefix}-aws-kms-key-id`] !== undefined) throw keyIdAlone();
    return key === undefined ? undefined : { by: 'customer', key };
  }
  if (key !== undefined) {
    throw new S3Error(
      'InvalidArgument',
      'Server Side Encryption with Customer provided key is incompatible with the encryption ' +
        'method specified',
    );
  }
  const keyId = headerOf(headers, `${prefix}-aws-kms-key-id`);
  if (method === 'AES256' && keyId !== undefined) throw keyIdAlone();
  return { by: 'store', kmsKey: kmsKeyOf(exchange, method, keyId) };
}

/**
 * The named key that a method means; undefined for the store's own.
 * @throws S3Error `NotImplemented` where there are no named keys, `KMS.NotFoundException`,
 *   `InvalidArgument` for what is no method
 */
export function kmsKeyOf(
  { edge }: Exchange,
  method: string,
  keyId: string | undefined,
): string | undefined {
  if (method === 'AES256') return undefined;
  if (method !== 'aws:kms' && method !== 'aws:kms:dsse') {
    throw new S3Error('InvalidArgument', 'The encryption method specified is not supported');
  }
  const [first, ...more] = edge.kmsKeys ?? [];
  if (first === undefined || method === 'aws:kms:dsse') {
    const message = `The encryption method '${method}' needs named keys, and there are none.`;
    throw new S3Error('NotImplemented', message);
  }
  if (keyId === undefined || keyId === first) return first;
  if (more.includes(keyId)) return keyId;
  throw new S3Error('KMS.NotFoundException', `Invalid keyId '${keyId}'`);
}

function keyIdAlone(): S3Error {
  return new S3Error(
    'InvalidArgument',
    `Server Side Encryption with AWS KMS managed key requires HTTP header ${prefix} : aws:kms`,
  );
}

/**
 * The customer's key of what is read. How it is encrypted otherwise is not the reader's to say.
 * @throws S3Error as `customerKey`
 */
export function readEncryption(exchange: Exchange): Uint8Array | undefined {
  if (exchange.headers[prefix] !== undefined) {
    const message = `${prefix} header is not supported for this operation.`;
    throw new S3Error('InvalidArgument', message);
  }
  return customerKey(exchange);
}

/** The key that the request's own object is encrypted with, 32 bytes. */
export function customerKey(exchange: Exchange): Uint8Array | undefined {
  return keyOf(exchange, customerPrefix);
}

/** The key that the source of a copy is encrypted with, 32 bytes. */
export function copySourceKey(exchange: Exchange): Uint8Array | undefined {
  return keyOf(exchange, copyPrefix);
}

/**
 * All three headers go together, and over a connection that nobody listens to.
 * @throws S3Error `InvalidArgument`, `InvalidRequest`, `InvalidEncryptionAlgorithmError`
 */
function keyOf(exchange: Exchange, names: string): Uint8Array | undefined {
  const { headers } = exchange;
  const algorithm = headerOf(headers, `${names}algorithm`);
  const key = headerOf(headers, `${names}key`);
  const md5 = headerOf(headers, `${names}key-md5`);
  if (algorithm === undefined && key === undefined && md5 === undefined) return undefined;
  checkConfidential(exchange);
  if (algorithm === undefined) {
    throw new S3Error('InvalidArgument', `${provided} provide a valid encryption algorithm.`);
  }
  if (algorithm !== 'AES256') throw new S3Error('InvalidEncryptionAlgorithmError');
  if (key === undefined || key === '') {
    throw new S3Error('InvalidArgument', `${provided} provide an appropriate secret key.`);
  }
  if (md5 === undefined) {
    const message = `${provided} provide the client calculated MD5 of the secret key.`;
    throw new S3Error('InvalidArgument', message);
  }
  const bytes = Buffer.from(key, 'base64');
  if (bytes.length !== keyBytes || bytes.toString('base64') !== key) {
    const message = 'The secret key was invalid for the specified algorithm.';
    throw new S3Error('InvalidArgument', message);
  }
  if (createHash('md5').update(bytes).digest('base64') === md5) return bytes;
  throw new S3Error(
    'InvalidArgument',
    'The calculated MD5 hash of the key did not match the hash that was provided.',
  );
}

/** A key that went over a wire in the clear is everybody's. */
function checkConfidential({ answer, edge }: Exchange): void {
  const { socket } = answer.req;
  if ('encrypted' in socket || edge.customerKeysOverHttp === 'yes') return;
  const isLocal = isLoopback(socket.remoteAddress ?? '');
  if (isLocal && edge.customerKeysOverHttp !== 'no') return;
  throw new S3Error('InvalidRequest', `${provided} be made over a secure connection.`);
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}

/** S3 has another word for the wrong key of an upload than for that of an object. */
export function uploadKeyRefusal(error: unknown): unknown {
  if (!isLogStoreError(error, 'KEY_WRONG', 'KEY_NEEDED', 'KEY_NOT_TAKEN')) return error;
  const message =
    'The multipart upload initiate requested encryption. Subsequent part requests must include ' +
    'the appropriate encryption parameters.';
  return new S3Error('InvalidRequest', message, { cause: error });
}

/** What the answer says of an object's encryption; its customer's key by the hash that was sent. */
export function pushEncryption(
  answer: FlatHeaders,
  encryptedBy: ObjectInfo['encryptedBy'],
  headers: IncomingHttpHeaders,
): FlatHeaders {
  if (encryptedBy === 'store') answer.push(prefix, 'AES256');
  else if (encryptedBy?.startsWith(kmsMark)) {
    const keyId = encryptedBy.slice(kmsMark.length);
    answer.push(prefix, 'aws:kms', `${prefix}-aws-kms-key-id`, keyId);
  }
  if (encryptedBy === 'customer') {
    answer.push(`${customerPrefix}algorithm`, 'AES256');
    const md5 = headerOf(headers, `${customerPrefix}key-md5`);
    if (md5 !== undefined) answer.push(`${customerPrefix}key-MD5`, md5);
  }
  return answer;
}
