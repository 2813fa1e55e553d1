import { isLogStoreError } from '../../base/errors.js';
import { invariant } from '../../base/invariant.js';
import { limits } from '../../base/limits.js';
import { digestNow } from '../../digest/body-digest.js';
import type { BodyOptions, BodySource, ExpectedDigests } from '../../store/types.js';
import { type ChecksumClaims, checksumValue, readChecksumClaims } from './checksum-headers.js';
import { ChunkedBody } from './chunked-body.js';
import type { Exchange } from './exchange.js';
import { headerOf } from './header.js';
import { collectRequest, requestChunks } from './request-bytes.js';
import { S3Error } from './s3-error.js';

/** A body as the store takes it, and what it must turn out to be. */
export interface ReceivedBody {
  readonly source: BodySource;
  readonly options: BodyOptions;
}

const chunkedOverheadBytesMax = 64 * 1024; // of a small body: more is streamed

/**
 * The body of an object or a part. A small one is read here, so that it travels as one piece; a
 * larger one is read by whoever pulls `source`.
 * @throws S3Error `MissingContentLength`, `EntityTooLarge`, and for digests that make no sense
 */
export async function receiveBody(exchange: Exchange, sizeBytesMax: number): Promise<ReceivedBody> {
  const claims = readChecksumClaims(exchange.headers);
  const framing = framingOf(exchange, claims);
  const { sizeBytes } = framing;
  if (sizeBytes !== undefined && sizeBytes > sizeBytesMax) throw new S3Error('EntityTooLarge');
  const expected: ExpectedDigests = { ...expectedOf(exchange, claims), sizeBytes };
  const options = { expected, checksumAlgorithm: claims.algorithm, md5: true };

  if (sizeBytes === undefined)
    return { source: bounded(requestChunks(exchange.answer), sizeBytesMax), options };
  if (sizeBytes > limits.inlineBodyBytesMax || framing.wireBytes > wireBytesMax) {
    const chunks = requestChunks(exchange.answer);
    if (framing.is === 'plain') return { source: chunks, options };
    const source = new ChunkedBody(chunks, framing);
    return { source, options: { ...options, expectedAtEnd: () => trailing(source, claims) } };
  }
  const bytes = await collectRequest(exchange.answer);
  if (framing.is === 'plain') return { source: bytes, options };
  const source = new ChunkedBody(once(bytes), framing);
  const decoded = await gather(source);
  const late = trailing(source, claims);
  return { source: decoded, options: { ...options, expected: { ...expected, ...late } } };
}

const signedChunkBytesMin = 8 * 1024; // S3's own
const wireBytesMax = limits.inlineBodyBytesMax + chunkedOverheadBytesMax;

/** How a body's bytes stand on the wire. */
type Framing =
  | {
      readonly is: 'plain';
      /** Unknown under `Transfer-Encoding: chunked`, which tells a whole body from one cut off. */
      readonly sizeBytes: number | undefined;
      readonly wireBytes: number;
    }
  | {
      readonly is: 'chunked';
      readonly sizeBytes: number;
      /** Unknown under `Transfer-Encoding: chunked`. */
      readonly wireBytes: number;
      readonly decodedBytes: number;
      readonly signing: Exchange['identity']['chunkSigning'] | undefined;
      readonly trailers: readonly string[] | undefined;
      readonly chunkBytesMin: number;
    };

function framingOf({ headers, identity }: Exchange, claims: ChecksumClaims): Framing {
  const { payload, chunkSigning } = identity;
  const length = headers['content-length'];
  const wireBytes = length === undefined ? Number.POSITIVE_INFINITY : Number(length);
  if (payload.is !== 'signed-chunks' && payload.is !== 'unsigned-chunks') {
    if (length === undefined && headers['transfer-encoding'] === undefined)
      throw new S3Error('MissingContentLength');
    if (claims.trailer !== undefined)
      throw new S3Error('InvalidRequest', 'A trailer needs a body in aws-chunked coding.');
    return { is: 'plain', sizeBytes: length === undefined ? undefined : wireBytes, wireBytes };
  }
  const decoded = headerOf(headers, 'x-amz-decoded-content-length');
  if (decoded === undefined || !/^\d{1,15}$/.test(decoded))
    throw new S3Error('MissingContentLength');
  const decodedBytes = Number(decoded);
  const trailer = payload.is === 'unsigned-chunks' || payload.trailer;
  invariant(
    payload.is === 'unsigned-chunks' || chunkSigning !== undefined,
    'signed chunks come with what they are verified by',
  );
  return {
    is: 'chunked',
    sizeBytes: decodedBytes,
    wireBytes,
    decodedBytes,
    signing: payload.is === 'signed-chunks' ? chunkSigning : undefined,
    chunkBytesMin: payload.is === 'signed-chunks' ? signedChunkBytesMin : 0,
    trailers: trailer ? trailerNames(headerOf(headers, 'x-amz-trailer')) : undefined,
  };
}

function trailerNames(header: string | undefined): readonly string[] {
  return header === undefined ? [] : [header.trim().toLowerCase()];
}

function expectedOf({ identity }: Exchange, claims: ChecksumClaims): ExpectedDigests {
  const sha256 = identity.payload.is === 'sha256' ? identity.payload.value : undefined;
  return { md5: claims.md5, sha256, checksum: claims.checksum };
}

/**
 * A failed write of `body` as S3 tells it: a body that is not what its signature says has an error
 * of its own, which the store, that knows nothing of signatures, cannot give it.
 */
export function bodyRefusal(error: unknown, { source, options }: ReceivedBody): unknown {
  const { sha256, md5, checksum } = options.expected ?? {};
  if (sha256 === undefined || !isLogStoreError(error, 'CHECKSUM_MISMATCH')) return error;
  if (!(source instanceof Uint8Array))
    return md5 === undefined && checksum === undefined ? otherThanSigned(sha256) : error;
  const found = digestNow(source, { md5: false, sha256: true }).sha256;
  return same(sha256, found) ? error : otherThanSigned(sha256, found);
}

/** @param found absent where the body was not kept until it was known to be wrong */
function otherThanSigned(signed: Uint8Array, found?: Uint8Array): S3Error {
  const details = {
    ClientComputedContentSHA256: Buffer.from(signed).toString('hex'),
    ...(found && { S3ComputedContentSHA256: Buffer.from(found).toString('hex') }),
  };
  return new S3Error('XAmzContentSHA256Mismatch', undefined, { details });
}

function trailing({ trailers }: ChunkedBody, { trailer }: ChecksumClaims): ExpectedDigests {
  if (trailer === undefined) return {};
  const text = trailers.get(`x-amz-checksum-${trailer.toLowerCase()}`) ?? '';
  return {
    checksum: { algorithm: trailer, value: checksumValue(trailer, text, 'trailing header') },
  };
}

/**
 * The body of a request that is about something else than bytes to keep: an XML document mostly.
 * It is verified as an object's would be.
 * @param checksums `of-object`: the checksum headers are not about this body
 * @throws S3Error also `MaxMessageLengthExceeded`, `BadDigest`, `XAmzContentSHA256Mismatch`
 */
export async function readWholeBody(
  exchange: Exchange,
  sizeBytesMax: number,
  checksums: 'of-body' | 'of-object' = 'of-body',
): Promise<Uint8Array> {
  const { headers, answer } = exchange;
  if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined)
    return verified(exchange, new Uint8Array(0), {});
  const claims = readChecksumClaims(
    checksums === 'of-body' ? headers : { 'content-md5': headers['content-md5'] },
  );
  const framing = framingOf(exchange, claims);
  if (framing.sizeBytes === undefined) throw new S3Error('MissingContentLength');
  if (framing.sizeBytes > sizeBytesMax) throw new S3Error('MaxMessageLengthExceeded');
  answer.edge.heldBodies.hold(framing.sizeBytes, answer.res);
  if (framing.is === 'plain') {
    const bytes = await collectRequest(answer);
    return verified(exchange, bytes, expectedOf(exchange, claims));
  }
  const source = new ChunkedBody(requestChunks(answer), framing);
  const bytes = await gather(source);
  return verified(exchange, bytes, {
    ...expectedOf(exchange, claims),
    ...trailing(source, claims),
  });
}

function verified(
  { identity }: Exchange,
  bytes: Uint8Array,
  { md5, checksum }: ExpectedDigests,
): Uint8Array {
  const signed = identity.payload.is === 'sha256' ? identity.payload.value : undefined;
  const plan = { md5: md5 !== undefined, sha256: signed !== undefined };
  const found = digestNow(bytes, { ...plan, checksum: checksum?.algorithm });
  if (signed !== undefined && !same(signed, found.sha256))
    throw otherThanSigned(signed, found.sha256);
  if (!same(md5, found.md5) || !same(checksum?.value, found.checksum))
    throw new S3Error('BadDigest');
  return bytes;
}

function same(expected: Uint8Array | undefined, found: Uint8Array | undefined): boolean {
  if (expected === undefined) return true;
  return found !== undefined && Buffer.compare(expected, found) === 0;
}

/** A body whose size nobody knows before its end. */
async function* bounded(
  source: AsyncIterable<Uint8Array>,
  sizeBytesMax: number,
): AsyncGenerator<Uint8Array, void, void> {
  let sizeBytes = 0;
  for await (const chunk of source) {
    sizeBytes += chunk.length;
    if (sizeBytes > sizeBytesMax) throw new S3Error('EntityTooLarge');
    yield chunk;
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield bytes;
}

async function gather(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(new Uint8Array(chunk)); // a copy
  return Buffer.concat(chunks);
}
