import { NotProven } from '../base/not-proven.js';
import { equalHashes } from '../merkle/rfc6962.js';
import { type Trust, verifyCheckpoint, verifyKeySet } from './verify.js';

/** A checkpoint that was seen before; without an origin, of the log that is audited. */
export interface Pin {
  readonly origin: string | undefined;
  readonly size: number;
  readonly root: Uint8Array;
}

/** Whom an auditor believes before the log itself. */
export interface AuditTrust {
  /** Keys of the log; with none its own key set is taken for good. */
  readonly keys: readonly string[];
  readonly pins: readonly Pin[];
}

/**
 * Holds a signed checkpoint against keys that are trusted from before.
 * @param keptKeys proofs of the key sets that followed, the oldest first
 * @throws NotProven
 */
export function auditSigned(
  note: string,
  keys: readonly string[],
  keptKeys: readonly string[],
): void {
  if (keys.length === 0) return;
  let trust: Trust = { keys };
  for (const text of keptKeys) {
    const handed = verifyKeySet(text, trust);
    if (handed.isProven) trust = { keys, keySet: handed.proven.keys };
  }
  const verdict = verifyCheckpoint(note, trust);
  if (!verdict.isProven) throw new NotProven(verdict.check, verdict.reason);
}

/**
 * Holds a log against what was seen of it.
 * @param size blocks that it has
 * @param rootAt the root of its first blocks
 * @throws NotProven where it was cut short, or is another one
 */
export function auditPins(
  pins: readonly Pin[],
  origin: string,
  size: number,
  rootAt: (size: number) => Uint8Array,
): void {
  for (const pin of pins) {
    const named = `the pin of ${pin.size} blocks`;
    if (pin.origin !== undefined && pin.origin !== origin)
      throw new NotProven('consistency', `${named} is of ${pin.origin}, and this is ${origin}`);
    if (pin.size > size)
      throw new NotProven('consistency', `${named}: there are ${size}, the log was cut short`);
    if (!equalHashes(rootAt(pin.size), pin.root))
      throw new NotProven('consistency', `${named} has another root: the log was rewritten`);
  }
}
