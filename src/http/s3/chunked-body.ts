import { ChunkSignatures, sameSignature } from '../../auth/chunk-signatures.js';
import type { ChunkSigning } from '../../auth/sigv4.js';
import { invariant } from '../../base/invariant.js';
import { S3Error } from './s3-error.js';

export interface ChunkedBodyOptions {
  /** The value of x-amz-decoded-content-length: exactly so much must come. */
  readonly decodedBytes: number;
  /** Given: every chunk, and the trailer if there is one, carries its signature. */
  readonly signing?: ChunkSigning | undefined;
  /** Given: the body has a trailer, of exactly these headers, in lower case. */
  readonly trailers?: readonly string[] | undefined;
  /** A chunk with less must be the last one with any; 0 unless given. */
  readonly chunkBytesMin?: number | undefined;
}

type State = 'size' | 'data' | 'data-end' | 'trailer';

const sizeLineBytesMax = 256;
const trailerBytesMax = 8 * 1024;
const trailerSignature = 'x-amz-trailer-signature';

/**
 * Decodes a body in aws-chunked coding as it arrives. What it yields are views of `source`'s
 * chunks. Bytes are yielded before the signature of their chunk is known to be right: only when
 * the iteration ends without throwing is the body what its sender signed.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
export class ChunkedBody implements AsyncIterable<Uint8Array> {
  readonly #signatures: ChunkSignatures | undefined;
  readonly #trailers = new Map<string, string>();
  #state: State = 'size';
  #text = ''; // of a line or a trailer not complete yet, in Latin-1
  #leftBytes: number; // of the body
  #chunkBytes = 0; // left of the chunk
  #hadSmall = false;
  #chunkSignature = '';
  #ended = false;

  constructor(
    private readonly source: AsyncIterable<Uint8Array>,
    private readonly options: ChunkedBodyOptions,
  ) {
    this.#leftBytes = options.decodedBytes;
    if (options.signing !== undefined) this.#signatures = new ChunkSignatures(options.signing);
  }

  /**
   * To be iterated once.
   * @throws S3Error `IncompleteBody`, `InvalidChunkSizeError`, `MalformedTrailerError`,
   *   `SignatureDoesNotMatch`
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    for await (const bytes of this.source) yield* this.#decode(bytes);
    if (this.#state !== 'trailer') throw incomplete('The body ends before its last chunk.');
    this.#readTrailer();
    this.#ended = true;
  }

  /** Name in lower case to value, all that were announced; once the iteration has ended. */
  get trailers(): ReadonlyMap<string, string> {
    invariant(this.#ended, 'trailers come behind the body');
    return this.#trailers;
  }

  *#decode(bytes: Uint8Array): Generator<Uint8Array, void, void> {
    let at = 0;
    while (at < bytes.length)
      if (this.#state === 'data') {
        const data = bytes.subarray(at, at + this.#chunkBytes);
        at += data.length;
        this.#chunkBytes -= data.length;
        this.#signatures?.update(data);
        if (this.#chunkBytes === 0) this.#state = 'data-end';
        yield data;
      } else if (this.#state === 'trailer') {
        this.#gather(bytes.subarray(at), trailerBytesMax);
        at = bytes.length;
      } else {
        const feed = bytes.indexOf(0x0a, at);
        const end = feed === -1 ? bytes.length : feed + 1;
        this.#gather(bytes.subarray(at, end), sizeLineBytesMax);
        at = end;
        if (feed !== -1) this.#readLine();
      }
  }

  #gather(bytes: Uint8Array, bytesMax: number): void {
    if (this.#text.length + bytes.length <= bytesMax) {
      this.#text += Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
      return;
    }
    if (this.#state === 'trailer') throw malformedTrailer('It is too long.');
    throw invalidChunk();
  }

  #readLine(): void {
    const line = this.#text;
    this.#text = '';
    if (this.#state === 'size') this.#readSize(line);
    else {
      if (line !== '\r\n') throw invalidChunk();
      this.#verifyChunk();
      this.#state = 'size';
    }
  }

  #readSize(line: string): void {
    const form = this.#signatures === undefined ? unsignedSize : signedSize;
    const match = form.exec(line);
    if (match === null) throw invalidChunk();
    this.#chunkBytes = Number.parseInt(match[1] ?? '', 16);
    this.#chunkSignature = match[2] ?? '';
    if (this.#hadSmall && this.#chunkBytes > 0) throw new S3Error('InvalidChunkSizeError');
    this.#hadSmall = this.#chunkBytes < (this.options.chunkBytesMin ?? 0);
    if (this.#chunkBytes > this.#leftBytes) throw incomplete('The body is longer than announced.');
    this.#leftBytes -= this.#chunkBytes;
    this.#state = 'data';
    if (this.#chunkBytes > 0) return;
    if (this.#leftBytes > 0) throw incomplete('The body is shorter than announced.');
    this.#verifyChunk();
    this.#state = 'trailer';
  }

  #verifyChunk(): void {
    if (this.#signatures === undefined) return;
    if (!sameSignature(this.#signatures.signChunk(), this.#chunkSignature)) throw doesNotMatch();
  }

  /**
   * All behind the last chunk: header lines and an empty one. Lines may end without a carriage
   * return, and an empty one may stand before the signature, as AWS's own examples have it.
   */
  #readTrailer(): void {
    if (!/(?:^|\n)\r?\n$/.test(this.#text)) throw incomplete('The body ends inside its trailer.');
    const lines = this.#text.split(/\r?\n/).slice(0, -1);
    const filled = lines.filter((line) => line !== '');
    if (lines.length - filled.length > (filled.length > 0 ? 2 : 1))
      throw malformedTrailer('Something follows it.');
    let canonical = '';
    let signature: string | undefined;
    for (const line of filled) {
      const colon = line.indexOf(':');
      const name = line.slice(0, Math.max(colon, 0)).trim().toLowerCase();
      const value = line.slice(colon + 1).trim();
      if (signature !== undefined) throw malformedTrailer('Something follows its signature.');
      if (name === trailerSignature && this.#signatures !== undefined) signature = value;
      else if (this.#trailers.has(name) || !this.options.trailers?.includes(name))
        throw malformedTrailer('It holds a header that was not announced, or one twice.');
      else {
        this.#trailers.set(name, value);
        canonical += `${name}:${value}\n`;
      }
    }
    if (this.#trailers.size !== (this.options.trailers?.length ?? 0))
      throw malformedTrailer('A header that was announced is missing.');
    if (this.#signatures === undefined) return;
    if (this.options.trailers === undefined && signature === undefined) return;
    if (!sameSignature(this.#signatures.signTrailer(canonical), signature ?? ''))
      throw doesNotMatch();
  }
}

const unsignedSize = /^([0-9a-fA-F]{1,12})\r\n$/;
const signedSize = /^([0-9a-fA-F]{1,12});chunk-signature=([0-9a-f]{64})\r\n$/;

function incomplete(message: string): S3Error {
  return new S3Error('IncompleteBody', message);
}

function invalidChunk(): S3Error {
  return new S3Error('IncompleteBody', 'A chunk of the body is not well-formed.');
}

function malformedTrailer(why: string): S3Error {
  return new S3Error('MalformedTrailerError', `The trailer of the body is malformed. ${why}`);
}

function doesNotMatch(): S3Error {
  return new S3Error(
    'SignatureDoesNotMatch',
    'The signature of a chunk or of the trailer does not match what we calculated.',
  );
}
