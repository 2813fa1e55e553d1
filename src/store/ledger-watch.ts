import type { LedgerStanding, WitnessStanding } from '../ledger/sealer-link.js';

type Warn = (message: string, error: unknown) => void;

const words = {
  'rolled-back': 'a witness has seen more of the ledger than there is: this is an older copy',
  forked: 'a witness has signed another history of the ledger',
  refused: 'a witness does not sign the ledger: it does not know it',
  unavailable: 'a witness does not sign the ledger: it is asked again',
} as const;

/** Says once when a witness ceases to sign, or the ledger's segments are not kept up; and why. */
export class LedgerWatch {
  #notKeptUp: string | undefined;
  readonly #before = new Map<string, WitnessStanding['is']>();

  constructor(private readonly warn: Warn | undefined) {}

  readonly look = ({ witnesses, notKeptUp }: LedgerStanding): void => {
    if (notKeptUp !== undefined && this.#notKeptUp === undefined) {
      const message = 'segments of the ledger are not healed, or have no parity: it is tried again';
      this.warn?.(message, new Error(notKeptUp));
    }
    this.#notKeptUp = notKeptUp;
    for (const { name, is, reason } of witnesses) {
      const before = this.#before.get(name);
      this.#before.set(name, is);
      if (is !== before && is !== 'cosigned' && is !== 'unasked')
        this.warn?.(words[is], new Error(`${name}: ${reason ?? is}`));
    }
  };
}
