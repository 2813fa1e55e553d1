import type { ByteRange } from '../../store/types.js';

/**
 * What a `Range` header asks of an object of `sizeBytes`, RFC 9110 §14.1.2. As S3 does, a header
 * that is malformed or asks for several ranges counts as none, which the RFC allows.
 */
export function resolveRange(
  header: string | undefined,
  sizeBytes: number,
): ByteRange | 'whole' | 'unsatisfiable' {
  if (header === undefined) return 'whole';
  const match = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header);
  if (match === null) return 'whole';
  const [, first = '', last = ''] = match;
  if (first === '') return suffix(last, sizeBytes);
  const startBytes = Number(first); // more digits than a number holds are only larger still
  const lastByte = last === '' ? Number.POSITIVE_INFINITY : Number(last);
  if (lastByte < startBytes) return 'whole';
  if (startBytes >= sizeBytes) return 'unsatisfiable';
  return { startBytes, endBytes: Math.min(lastByte + 1, sizeBytes) };
}

function suffix(last: string, sizeBytes: number): ByteRange | 'whole' | 'unsatisfiable' {
  if (last === '') return 'whole';
  const lengthBytes = Math.min(Number(last), sizeBytes);
  if (lengthBytes === 0) return 'unsatisfiable';
  return { startBytes: sizeBytes - lengthBytes, endBytes: sizeBytes };
}
