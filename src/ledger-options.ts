import { join } from 'node:path';
import { LogStoreError } from './base/errors.js';
import { NotProven } from './base/not-proven.js';
import { highWaterFile } from './ledger/ledger-files.js';
import { decodeVkey, signatureTypes } from './ledger/note.js';
import { SealerThread, type WitnessAddress } from './ledger/sealer-thread.js';
import type { LedgerOptions } from './store/store-options.js';

const witnessesMax = 16;

/** What an operator says of a ledger; the rest lies in the store's directory. */
export interface LedgerSettings {
  readonly intervalMs?: number | undefined;
  /** An Ed25519 key in PEM; by default one is made at the first start. */
  readonly keyFile?: string | undefined;
  /** By preference on another disk than the store. */
  readonly highWaterFile?: string | undefined;
  /** `VKEY URL`, more of them behind commas: asked to sign each checkpoint. */
  readonly witnesses?: string | undefined;
}

/** The name of the key that a store makes for itself, in its directory. */
export const ledgerKeyFile = 'ledger-key.pem';

/**
 * A ledger sealed by a thread of its own, which starts at once: it is ready by the time that the
 * store's log is open.
 */
export function threadedLedger(
  dir: string,
  { intervalMs, keyFile, highWaterFile: own, witnesses }: LedgerSettings,
): LedgerOptions {
  const thread = new SealerThread({
    directory: dir,
    keyPath: keyFile ?? join(dir, ledgerKeyFile),
    keyIsOwn: keyFile !== undefined,
    highWaterPath: own ?? join(dir, highWaterFile),
    witnesses: parseWitnesses(witnesses ?? ''),
  });
  return {
    intervalMs,
    open: () => thread.open(),
    giveUp: () => thread[Symbol.asyncDispose](),
  };
}

/** @throws LogStoreError `INVALID_ARGUMENT` */
function parseWitnesses(text: string): WitnessAddress[] {
  const given = text.split(',').filter((part) => part.trim() !== '');
  if (given.length > witnessesMax)
    throw new LogStoreError('INVALID_ARGUMENT', `at most ${witnessesMax} witnesses are asked`);
  return given.map((part) => {
    const [vkey = '', url = '', ...more] = part.trim().split(/\s+/);
    const isUrl = URL.canParse(url) && /^https?:/.test(url);
    if (isUrl && more.length === 0 && isWitnessKey(vkey)) return { vkey, url };
    const form = "a witness is its verifier key, a space and its URL: 'NAME+ID+BASE64 http://...'";
    throw new LogStoreError('INVALID_ARGUMENT', `'${part.trim()}' is no witness; ${form}`);
  });
}

function isWitnessKey(text: string): boolean {
  try {
    decodeVkey(text, signatureTypes.witness);
    return true;
  } catch (error) {
    if (error instanceof NotProven) return false;
    throw error;
  }
}
