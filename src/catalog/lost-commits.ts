import { LogStoreError } from '../base/errors.js';
import { getU32 } from '../format/byte-order.js';
import { checksum, fnv1a } from '../format/checksum.js';

interface LostCommit {
  readonly sequence: number;
  /** Key hash of what it touched, its two halves; none if that may be anything. */
  readonly subject: { readonly checksum: number; readonly fnv1a: number } | undefined;
}

/**
 * Commits that proven space should hold and does not (SPEC.md §7, Rot). What one of them may have
 * touched is answered as uncertain: what stands in its version before that commit, and what seems
 * not to exist. The store is read-only while there is any.
 */
export class LostCommits {
  readonly #lost: LostCommit[] = [];

  get any(): boolean {
    return this.#lost.length > 0;
  }

  /** @param subject 8 bytes as SPEC.md §3.3 has them; zeros or none where it is not one thing */
  add(sequence: number, subject: Uint8Array | undefined): void {
    const known = subject?.some((byte) => byte !== 0)
      ? { checksum: getU32(subject, 0), fnv1a: getU32(subject, 4) }
      : undefined;
    this.#lost.push({ sequence, subject: known });
  }

  /**
   * @param prefix what a subject is the hash of: a key's prefix, or a bucket's
   * @param sequence of the record that the answer would rest on; 0 if it is an absence
   * @throws LogStoreError `UNCERTAIN`
   */
  check(prefix: Uint8Array, sequence: number): void {
    for (const lost of this.#lost) {
      if (sequence > lost.sequence) continue;
      const { subject } = lost;
      const touches =
        subject === undefined ||
        (subject.checksum === checksum(prefix) && subject.fnv1a === fnv1a(prefix));
      if (touches) throw uncertain(lost.sequence);
    }
  }

  /** For answers about several keys, any of which a lost commit may have touched. */
  checkAll(): void {
    const first = this.#lost[0];
    if (first !== undefined) throw uncertain(first.sequence);
  }
}

function uncertain(sequence: number): LogStoreError {
  return new LogStoreError(
    'UNCERTAIN',
    `record ${sequence} is damaged, and may have changed this; see 'logstore verify'`,
  );
}
