/**
 * Which part of a proof did not hold: its encoding (`form`); whom one trusts (`signature`,
 * `witnesses`, `keys`); the block's place in the log (`log`, `block`); what it says of the map
 * (`map`), its changes (`delta`) or a record (`record`); that the log only grew (`consistency`).
 */
export type Check =
  | ('form' | 'signature' | 'witnesses' | 'keys' | 'log')
  | ('block' | 'map' | 'delta' | 'record' | 'consistency');

/** A proof that does not prove. `check` says where it broke, the message why. */
export class NotProven extends Error {
  override readonly name = 'NotProven';
  constructor(
    readonly check: Check,
    message: string,
  ) {
    super(message);
  }
}

/** @throws NotProven */
export function must(check: Check, holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new NotProven(check, otherwise);
}
