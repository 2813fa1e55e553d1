import { ChunkSignatures } from '../../../../src/auth/chunk-signatures.js';
import type { ChunkSigning } from '../../../../src/auth/sigv4.js';

/** One piece of an aws-chunked body, to be altered, moved or left out by a test. */
export interface Piece {
  readonly data: Buffer;
  readonly signature?: string;
}

/** The pieces of a body whose data chunks are `chunks`, and its last, empty one. */
export function piecesOf(chunks: readonly Buffer[], signatures?: ChunkSignatures): Piece[] {
  return [...chunks, Buffer.alloc(0)].map((data) => {
    if (signatures === undefined) return { data };
    if (data.length > 0) signatures.update(data);
    return { data, signature: signatures.signChunk() };
  });
}

export function encodePieces(pieces: readonly Piece[]): Buffer {
  return Buffer.concat(
    pieces.flatMap(({ data, signature }) => {
      const extension = signature === undefined ? '' : `;chunk-signature=${signature}`;
      const head = Buffer.from(`${data.length.toString(16)}${extension}\r\n`);
      return data.length === 0 ? [head] : [head, data, Buffer.from('\r\n')];
    }),
  );
}

/** A whole body as clients send it. */
export function encodeChunked(
  chunks: readonly Buffer[],
  signing?: ChunkSigning,
  trailers: Readonly<Record<string, string>> = {},
): Buffer {
  const signatures = signing === undefined ? undefined : new ChunkSignatures(signing);
  const body = encodePieces(piecesOf(chunks, signatures));
  const lines = Object.entries(trailers).map(([name, value]) => `${name}:${value}`);
  if (signatures !== undefined && lines.length > 0) {
    const canonical = lines.map((line) => `${line}\n`).join('');
    lines.push(`x-amz-trailer-signature:${signatures.signTrailer(canonical)}`);
  }
  return Buffer.concat([body, Buffer.from([...lines, ''].map((line) => `${line}\r\n`).join(''))]);
}

export async function* inPieces(body: Buffer, pieceBytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < body.length; at += pieceBytes) yield body.subarray(at, at + pieceBytes);
}
