import * as form from './text-lines.js';

/** SPEC.md, Block: an entry of the log of blocks; its index there is its height. */
export const ledgerBlock = form.lineFormat('ledger-block/v1', {
  origin: form.word,
  height: form.count,
  prev: form.orNone(form.digest),
  time: form.count,
  /** The first version that is sealed here, and the first that is not. */
  versions: form.tuple(form.count, form.count),
  map: form.tuple(form.count, form.digest),
  delta: form.tuple(form.count, form.digest),
  keys: form.digest,
  /** In block 0 of a new epoch only: origin, size and root of the checkpoint it goes on from. */
  follows: form.many(form.tuple(form.word, form.count, form.digest)),
});
export type LedgerBlock = ReturnType<typeof ledgerBlock.decode>;
