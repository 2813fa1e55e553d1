import * as form from '../format/text-lines.js';

const title = 'c2sp.org/tlog-proof@v1';

/** c2sp.org/tlog-proof@v1 without extra data: an entry's path, and the checkpoint it leads to. */
export interface TlogProof {
  readonly index: number;
  readonly path: readonly Uint8Array[];
  /** The signed note as it is. */
  readonly checkpoint: string;
}

export function encodeTlogProof({ index, path, checkpoint }: TlogProof): string {
  const hashes = path.map((hash) => `${form.digest.write(hash)}\n`).join('');
  return `${title}\nindex ${index}\n${hashes}\n${checkpoint}`;
}

export function decodeTlogProof(text: string): TlogProof {
  const split = text.indexOf('\n\n');
  const [, indexLine = '', ...hashes] = text.slice(0, split).split('\n');
  const index = form.count.read(indexLine.slice('index '.length));
  const path = hashes.map((line) => form.digest.read(line));
  const proof = { index, path, checkpoint: text.slice(split + 2) };
  return encodeTlogProof(proof) === text ? proof : form.refuse(`not in the form of ${title}`);
}
