import { LogStoreError } from '../base/errors.js';
import type { MsgpackValue } from './msgpack.js';

/**
 * The fields of decoded arrays by their types. A field that an array is too short for is missing;
 * fields behind those that are asked for are of later versions and are ignored (SPEC.md §1).
 * All throw LogStoreError `RECORD_CORRUPT` where nothing else is said.
 */
export type Fields = readonly MsgpackValue[];
type Field = MsgpackValue | undefined;

export function list(value: Field): Fields {
  if (!Array.isArray(value)) throw corrupt('an array is missing');
  return value;
}

export function number(value: Field, max = Number.MAX_SAFE_INTEGER): number {
  if (typeof value !== 'number' || value > max) throw corrupt('a number is missing or too great');
  return value;
}

/** A flat array of groups of `groupedBy` numbers each. */
export function numbers(value: Field, groupedBy = 1): readonly number[] {
  const all = list(value);
  if (all.length % groupedBy !== 0) throw corrupt('a flat array is cut short');
  for (const each of all) number(each);
  return all as readonly number[];
}

export function text(value: Field): string {
  if (typeof value !== 'string') throw corrupt('a string is missing');
  return value;
}

export function textOrNull(value: Field): string | null {
  return value === null ? null : text(value);
}

/** A view of what was decoded. */
export function binary(value: Field, sizeBytes: number): Uint8Array {
  if (!(value instanceof Uint8Array)) throw corrupt('binary is missing');
  if (value.length !== sizeBytes) throw corrupt('binary of wrong size');
  return value;
}

/**
 * A field that is kept for later (SPEC.md §1): whatever a later version says there must not be
 * passed over, as it may be a lock, an encryption or the like.
 * @throws LogStoreError `UNSUPPORTED_VERSION` unless it is nil, 0 or an empty array
 */
export function kept(value: Field, name: string): void {
  if (value === null || value === 0 || (Array.isArray(value) && value.length === 0)) return;
  if (value === undefined) throw corrupt(`the field ${name} is missing`);
  throw new LogStoreError('UNSUPPORTED_VERSION', `a ${name}, which is of a later version`);
}

export function corrupt(message: string): LogStoreError {
  return new LogStoreError('RECORD_CORRUPT', message);
}
