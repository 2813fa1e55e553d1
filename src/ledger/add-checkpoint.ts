import * as form from '../format/text-lines.js';

/** C2SP tlog-witness: what a log asks of a witness. */
export interface AddCheckpoint {
  /** Blocks of the checkpoint that the witness is believed to have signed last; 0 for none. */
  readonly oldSize: number;
  /** RFC 6962 §2.1.2, from the old size to that of the checkpoint. */
  readonly path: readonly Uint8Array[];
  /** The signed note. */
  readonly checkpoint: string;
}

export const pathHashesMax = 63;
/** Of a 409: the size that the witness signed last. */
export const sizeContentType = 'text/x.tlog.size';

export function encodeAddCheckpoint({ oldSize, path, checkpoint }: AddCheckpoint): string {
  const hashes = path.map((hash) => `${form.digest.write(hash)}\n`).join('');
  return `old ${oldSize}\n${hashes}\n${checkpoint}`;
}

/** @throws NotProven unless it is in its one encoding; the checkpoint is taken as it is */
export function decodeAddCheckpoint(body: string): AddCheckpoint {
  const split = body.indexOf('\n\n');
  const [old = '', ...hashes] = body.slice(0, split).split('\n');
  if (hashes.length > pathHashesMax) form.refuse('a consistency path has at most 63 hashes');
  const path = hashes.map((hash) => form.digest.read(hash));
  const checkpoint = body.slice(split + 2);
  const request = { oldSize: form.count.read(old.slice(4)), path, checkpoint };
  return encodeAddCheckpoint(request) === body ? request : form.refuse('not "old N", hashes, note');
}
