import type { SharedMemory } from '../base/web-assembly.js';
import type { ParityShape, ParityTables } from '../format/parity.js';

/** What an encoding worker knows from its start. */
export interface EncodeWorkerData {
  readonly memory: SharedMemory;
  readonly codec: 'simd' | 'plain';
}

/** As the calls of a GroupCoder; done in the order sent. */
export type EncodeJob =
  | { readonly do: 'begin'; readonly shape: ParityShape }
  | {
      readonly do: 'encode';
      readonly stripe: number;
      readonly start: number;
      readonly lengthBytes: number;
    }
  | { readonly do: 'finish' };

/** One for each `encode` and each `finish`, in order; the latter's are the tables. */
export type EncodeReply = ParityTables | undefined;
