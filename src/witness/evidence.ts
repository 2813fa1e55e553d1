import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Disk } from '../base/host.js';
import { digest } from '../format/text-lines.js';
import type { AddCheckpoint } from '../ledger/add-checkpoint.js';
import { sha256 } from '../ledger/strict-crypto.js';
import { listIfThere, writeDurably } from './durable-text.js';

export const evidenceDirectory = 'evidence';
/** Of one kind and log: whoever holds a log's key could fill the disk with them. */
const perKindMax = 64;

/**
 * `fork`: two roots of one size, both signed: anyone can check it, and there is no excuse for it.
 * `rollback`: fewer blocks than were signed before; an old checkpoint sent again looks the same.
 * `unproven`: more blocks, and the path did not show that they go on from those before; whoever
 * sent it may have sent a wrong path.
 */
export type Misdeed = 'fork' | 'rollback' | 'unproven';

/** Both checkpoints, as they were signed by the log, kept as a file of JSON. */
export class Evidence {
  constructor(
    private readonly disk: Disk,
    private readonly nowUnixMs: () => number,
  ) {}

  /** @returns the path of the file; undefined if this is known, or enough of the kind is */
  async keep(
    misdeed: Misdeed,
    origin: string,
    seen: string,
    offered: string,
    { oldSize, path }: Pick<AddCheckpoint, 'oldSize' | 'path'>,
  ): Promise<string | undefined> {
    const kind = `${originName(origin)}-${misdeed}-`;
    const texts = utf8ToBytes(textOf(seen) + textOf(offered));
    const name = `${kind}${bytesToHex(sha256(texts)).slice(0, 32)}.json`;
    const known = await listIfThere(this.disk, evidenceDirectory);
    const ofKind = known.filter((one) => one.startsWith(kind) && one.endsWith('.json'));
    if (ofKind.includes(name) || ofKind.length >= perKindMax) return undefined;
    const found = {
      ...{ misdeed, origin, foundUnixMs: this.nowUnixMs(), seen, offered },
      ...{ oldSize, path: path.map((hash) => digest.write(hash)) },
    };
    const file = `${evidenceDirectory}/${name}`;
    await writeDurably(this.disk, file, `${JSON.stringify(found, undefined, 2)}\n`);
    return file;
  }
}

/** An origin may hold what a file name may not. */
export function originName(origin: string): string {
  return bytesToHex(sha256(utf8ToBytes(origin))).slice(0, 32);
}

/** Without the signatures: these can be made anew for the same checkpoint without end. */
function textOf(note: string): string {
  return note.slice(0, note.lastIndexOf('\n\n') + 1);
}
