import { LogStoreError } from '../base/errors.js';
import type { Disk } from '../base/host.js';
import type { Codec } from '../erasure/codec.js';
import { openCodec } from '../erasure/open-codec.js';
import { ParityGroup } from '../erasure/parity-group.js';
import { newStripes, type Stripe } from '../erasure/stripe.js';
import { StripePool } from '../erasure/stripe-pool.js';
import { segmentPath } from '../format/file-names.js';
import type { ManifestFile } from '../format/manifest-frame.js';
import type { ParityFacts } from '../format/parity.js';
import { type Pace, paced } from './pace.js';

/** So many reads past damage at a time: a stripe takes 1.2 MiB. */
const stripeCount = 2;
const blockBytesMax = 65_536;

/** A group open for the time of one piece of work, and what rebuilding needs. */
export interface OpenGroup {
  readonly group: ParityGroup;
  readonly codec: Codec;
  readonly stripe: Stripe;
}

/** Opens the parity groups of segments. Its memory is taken when damage is met first. */
export class ParityAccess {
  #codec: Codec | undefined;
  #stripes: StripePool | undefined;

  constructor(
    private readonly disk: Disk,
    private readonly storeId: Uint8Array,
  ) {}

  /**
   * Runs `work` with the group of a segment open; waits while others read past damage.
   * @param pace asked before each read of the segment
   * @throws LogStoreError `RECORD_CORRUPT` if no parity file has whole tables; what the system says
   *   of a segment that cannot be opened
   */
  async use<T>(
    { fileId, generation, salt }: ManifestFile,
    facts: ParityFacts,
    work: (open: OpenGroup) => Promise<T>,
    pace?: Pace,
  ): Promise<T> {
    this.#codec ??= openCodec();
    const code = { dataCount: facts.dataCount, parityCount: facts.parityCount };
    this.#stripes ??= new StripePool(newStripes({ code, rowBytes: blockBytesMax, stripeCount }));
    const codec = this.#codec;
    return await this.#stripes.use(async (stripe) => {
      const file = await this.disk.open(segmentPath(fileId), 'read');
      try {
        const identity = { storeId: this.storeId, fileId, generation, salt };
        const segment = pace === undefined ? file : paced(file, pace);
        const group = await ParityGroup.open(this.disk, segment, identity, facts);
        if (!(group instanceof ParityGroup))
          throw new LogStoreError('RECORD_CORRUPT', `parity does not serve: ${group.unusable}`);
        await using open = group;
        return await work({ group: open, codec, stripe });
      } finally {
        await file.close();
      }
    });
  }
}
