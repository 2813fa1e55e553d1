import * as form from '../format/text-lines.js';

const title = 'c2sp.org/tlog-proof@v1';

/** c2sp.org/tlog-proof@v1: an entry's place and path, and the checkpoint that it leads to. */
export interface TlogProof {
  /** Whatever its maker added, in base64; nothing vouches for it. */
  readonly extra?: string;
  readonly index: number;
  readonly path: readonly Uint8Array[];
  /** The signed note as it is. */
  readonly checkpoint: string;
}

export function encodeTlogProof({ extra, index, path, checkpoint }: TlogProof): string {
  const head = extra === undefined ? title : `${title}\nextra ${extra}`;
  const hashes = path.map((hash) => `${form.digest.write(hash)}\n`).join('');
  return `${head}\nindex ${index}\n${hashes}\n${checkpoint}`;
}

export function decodeTlogProof(text: string): TlogProof {
  const split = text.indexOf('\n\n');
  const lines = text.slice(0, split).split('\n').slice(1);
  const extra = lines[0]?.startsWith('extra ') ? lines.shift()?.slice(6) : undefined;
  if (extra !== undefined) form.fromBase64(extra);
  const index = form.count.read(lines.shift()?.slice(6) ?? '');
  const path = lines.map((line) => form.digest.read(line));
  const added = extra === undefined ? {} : { extra };
  const proof = { ...added, index, path, checkpoint: text.slice(split + 2) };
  return encodeTlogProof(proof) === text ? proof : form.refuse(`not in the form of ${title}`);
}
