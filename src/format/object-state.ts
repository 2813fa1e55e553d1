import { LogStoreError } from '../base/errors.js';
import { corrupt, list, number, text } from './fields.js';
import type { MsgpackValue } from './msgpack.js';
import type { MsgpackWriter } from './msgpack-writer.js';

/** What can change of a version while its content stays (SPEC.md §4, lock and state). */
export interface ObjectState {
  /** 0 none, 1 governance, 2 compliance. */
  readonly lockMode: number;
  /** The version cannot be removed before; 0 without a mode. */
  readonly retainUntilMs: number;
  /** Undefined: nothing was ever said of one. */
  readonly legalHold: boolean | undefined;
  /** Flat: name, value, name, value, ... */
  readonly tags: readonly string[];
  /** Who may do what with it (SPEC.md §4); none: its owner is the bucket's, and has it alone. */
  readonly acl: string | null;
}

export const lockModes = Object.freeze({ none: 0, governance: 1, compliance: 2 });

const noTags: readonly string[] = Object.freeze([]);

/** What a version has that nothing was said of. */
export const noState: ObjectState = Object.freeze({
  ...{ lockMode: lockModes.none, retainUntilMs: 0, legalHold: undefined },
  ...{ tags: noTags, acl: null },
});

/** The field `lock`: nil, or `[mode, retainUntil, legalHold]`, and 1 behind a hold set to off. */
export function writeLock(writer: MsgpackWriter, state: ObjectState | undefined): void {
  if (state === undefined || (state.lockMode === 0 && state.legalHold === undefined)) {
    writer.nils(1);
    return;
  }
  const isSetOff = state.legalHold === false;
  writer.array(isSetOff ? 4 : 3);
  writer.integer(state.lockMode);
  writer.integer(state.retainUntilMs);
  writer.integer(state.legalHold === true ? 1 : 0);
  if (isSetOff) writer.integer(1);
}

/** The field `state`: nil, or `[tags, acl]`. */
export function writeTags(writer: MsgpackWriter, state: ObjectState | undefined): void {
  if (state === undefined || (state.tags.length === 0 && state.acl === null)) {
    writer.nils(1);
    return;
  }
  writer.array(2);
  writer.texts(state.tags);
  writer.textOrNil(state.acl);
}

/**
 * Both fields together; undefined if neither says anything.
 * @throws LogStoreError `RECORD_CORRUPT`; `UNSUPPORTED_VERSION` for what a later version says
 */
export function stateOf(
  lock: MsgpackValue | undefined,
  state: MsgpackValue | undefined,
): ObjectState | undefined {
  if (lock === null && state === null) return undefined;
  return { ...lockOf(lock), ...tagsAndAclOf(state) };
}

function lockOf(value: MsgpackValue | undefined): Omit<ObjectState, 'tags' | 'acl'> {
  if (value === null) return noState;
  const f = lockFields(value);
  const [lockMode, retainUntilMs] = [number(f[0]), number(f[1])];
  if (lockMode > lockModes.compliance) throw later(`a lock of mode ${lockMode}`);
  const [hold, isSaid] = [number(f[2]), f[3] === undefined ? 0 : number(f[3])];
  if (hold > 1 || isSaid > 1 || hold + isSaid > 1) throw later('a legal hold');
  if ((lockMode === 0) !== (retainUntilMs === 0)) throw corrupt('a lock without mode or end');
  const legalHold = hold + isSaid === 0 ? undefined : hold === 1;
  return { lockMode, retainUntilMs, legalHold };
}

function tagsAndAclOf(value: MsgpackValue | undefined): Pick<ObjectState, 'tags' | 'acl'> {
  if (value === null) return { tags: noTags, acl: null };
  const f = lockFields(value);
  const tags = list(f[0]).map(text);
  if (tags.length % 2 !== 0) throw corrupt('a tag without its value');
  const acl = f[1] ?? null;
  if (acl !== null && typeof acl !== 'string') throw later('a list of grants of another form');
  return { tags, acl };
}

/** What is no array here is of a later version: it may be a lock of another form. */
function lockFields(value: MsgpackValue | undefined): readonly MsgpackValue[] {
  if (value === undefined) throw corrupt('a lock or a state is missing');
  if (!Array.isArray(value) || value.length < 2) throw later('a lock or a state of another form');
  return value;
}

function later(what: string): LogStoreError {
  return new LogStoreError('UNSUPPORTED_VERSION', `${what}, which is of a later version`);
}
