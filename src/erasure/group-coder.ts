import { invariant } from '../base/invariant.js';
import type { ParityShape, ParityTables } from '../format/parity.js';
import type { Codec } from './codec.js';
import { GroupSums } from './group-sums.js';
import { newStripes, type Stripe, type StripePlan } from './stripe.js';

/** Computes the parity of one group at a time, and all that its tables hold. */
export interface GroupCoder {
  /** Whoever fills one while another is coded is never waited for. */
  readonly stripes: readonly Stripe[];
  begin(shape: ParityShape): void;
  /**
   * Computes the parity rows of a stripe whose data rows hold the slices from offset `start` on,
   * zeros where nothing is stored. Stripes come in order; each is the coder's until this resolves.
   * @throws LogStoreError `BUSY` if the thread died that does it, `CLOSED`
   */
  encode(stripe: number, start: number, lengthBytes: number): Promise<void>;
  finish(): Promise<ParityTables>;
}

/** Rows of a block: few calls of the file system, and all of it stays in a cache. */
export const encodePlan: StripePlan = {
  code: { dataCount: 16, parityCount: 2 },
  rowBytes: 64 * 1024,
  stripeCount: 2,
};

/** Codes at once, on the thread that asks. */
export class InlineGroupCoder implements GroupCoder {
  #sums: GroupSums | undefined;

  constructor(
    private readonly codec: Codec,
    readonly stripes: readonly Stripe[] = newStripes(encodePlan),
  ) {}

  begin(shape: ParityShape): void {
    this.#sums = new GroupSums(shape);
  }

  encode(stripe: number, start: number, lengthBytes: number): Promise<void> {
    const rows = this.stripes[stripe];
    invariant(rows !== undefined && this.#sums !== undefined, 'a stripe of a group begun');
    this.codec.encode(rows, lengthBytes);
    this.#sums.update(rows, start, lengthBytes);
    return Promise.resolve();
  }

  finish(): Promise<ParityTables> {
    invariant(this.#sums !== undefined, 'a group ends once it has begun');
    const tables = this.#sums.finish();
    this.#sums = undefined;
    return Promise.resolve(tables);
  }
}
