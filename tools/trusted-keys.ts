import { LogStoreError } from '../src/base/errors.js';
import { NotProven } from '../src/base/not-proven.js';
import { digest } from '../src/format/text-lines.js';
import type { Checkpoint } from '../src/ledger/checkpoint.js';
import { decodeVkey, type NoteKey, signatureTypes } from '../src/ledger/note.js';

/** `SIZE:ROOT`, of the log whose key was given, or `ORIGIN:SIZE:ROOT`. */
export interface PinText {
  readonly origin: string | undefined;
  readonly size: number;
  readonly root: Uint8Array;
}

/** @throws LogStoreError `INVALID_ARGUMENT` */
export function parsePin(text: string): PinText {
  const [, origin, size, root = ''] = /^(?:(.+):)?(0|[1-9]\d{0,15}):([^:]+)$/.exec(text) ?? [];
  const bytes = asArgument(text, 'SIZE:ROOT, the root in base64', () => digest.read(root));
  return { origin, size: Number(size), root: bytes };
}

/** @throws LogStoreError `INVALID_ARGUMENT`: a mistyped key is no verdict on a proof */
export function parseLogKey(text: string): NoteKey {
  return asArgument(text, "a log's verifier key, NAME+ID+BASE64", () =>
    decodeVkey(text, signatureTypes.log),
  );
}

/** @throws LogStoreError `INVALID_ARGUMENT` */
export function parseWitnessKey(text: string): NoteKey {
  return asArgument(text, "a witness's verifier key, NAME+ID+BASE64", () =>
    decodeVkey(text, signatureTypes.witness),
  );
}

/** Pins without an origin are of every log whose key is trusted. */
export function pinnedBy(pins: readonly PinText[], vkeys: readonly string[]): Checkpoint[] {
  const names = [...new Set(vkeys.map((vkey) => parseLogKey(vkey).name))];
  return pins.flatMap(({ origin, size, root }) => {
    const origins = origin === undefined ? names : [origin];
    return origins.map((name) => ({ origin: name, size, root }));
  });
}

/** @throws LogStoreError `INVALID_ARGUMENT` where `read` finds `text` not to be in its form */
export function asArgument<T>(text: string, expected: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof NotProven)) throw error;
    throw new LogStoreError('INVALID_ARGUMENT', `'${text}' is not ${expected}`, { cause: error });
  }
}
