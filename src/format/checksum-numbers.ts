import type {
  Checksum,
  ChecksumAlgorithm,
  ChecksumKind,
  ChecksumType,
} from '../base/checksum-algorithm.js';
import { LogStoreError } from '../base/errors.js';
import type { ChecksumField } from './mutation.js';

/** Numbers of algorithms and types in commits: SPEC.md §4. */
const algorithmNumbers = {
  CRC32: 1,
  CRC32C: 2,
  CRC64NVME: 3,
  SHA1: 4,
  SHA256: 5,
} as const satisfies Record<ChecksumAlgorithm, number>;
const typeNumbers = { FULL_OBJECT: 1, COMPOSITE: 2 } as const satisfies Record<
  ChecksumType,
  number
>;
const algorithms = new Map<number, ChecksumAlgorithm>();
for (const name of Object.keys(algorithmNumbers)) {
  const algorithm = name as ChecksumAlgorithm;
  algorithms.set(algorithmNumbers[algorithm], algorithm);
}

export function algorithmNumber(algorithm: ChecksumAlgorithm | undefined): number {
  return algorithm === undefined ? 0 : algorithmNumbers[algorithm];
}

export function typeNumber(type: ChecksumType | undefined): number {
  return type === undefined ? 0 : typeNumbers[type];
}

/** The name of an algorithm's number; none for 0. */
export function algorithmOf(number: number): ChecksumAlgorithm | undefined {
  if (number === 0) return undefined;
  const algorithm = algorithms.get(number);
  if (algorithm !== undefined) return algorithm;
  throw new LogStoreError('UNSUPPORTED_VERSION', `a checksum algorithm of number ${number}`);
}

export function typeOf(number: number): ChecksumType {
  return number === typeNumbers.COMPOSITE ? 'COMPOSITE' : 'FULL_OBJECT';
}

/** What a row of the index says of an object's first checksum (SPEC.md §9); 0 none. */
export function checksumKindNumber([first]: readonly ChecksumField[]): number {
  return first === undefined ? 0 : first[0] | (first[1] << 8);
}

export function checksumKindOf(number: number): ChecksumKind | undefined {
  const algorithm = algorithmOf(number & 0xff);
  return algorithm === undefined ? undefined : { algorithm, type: typeOf(number >>> 8) };
}

export function checksumField({ algorithm, type, value }: Checksum): ChecksumField {
  return [algorithmNumbers[algorithm], typeNumbers[type], value];
}

export function checksumOf([algorithm, type, value]: ChecksumField): Checksum {
  const name = algorithmOf(algorithm);
  if (name === undefined) throw new LogStoreError('RECORD_CORRUPT', 'a checksum of no algorithm');
  return { algorithm: name, type: typeOf(type), value: new Uint8Array(value) }; // theirs alone
}

/** @throws LogStoreError `INVALID_ARGUMENT` for a name that is none of S3's */
export function checkAlgorithm(algorithm: ChecksumAlgorithm): void {
  if (Object.hasOwn(algorithmNumbers, algorithm)) return;
  throw new LogStoreError('INVALID_ARGUMENT', `no checksum algorithm ${String(algorithm)}`);
}
