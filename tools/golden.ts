/**
 * Freezes the bytes of the present format version in `segments/golden/vN/`, once:
 *
 *     npm run build && node dist/tools/golden.js
 *
 * What is there is never written again, least of all to make a test pass: it stands for the stores
 * that people have. So only what is missing is written, and nothing of a file or store that exists.
 * - A kind, flag or kept field got a meaning (SPEC.md §12) and the number stayed: give it samples
 *   under a vectors' file of its own and a store of its own, in tools/golden/, and run this.
 * - SPEC.md §12 got a new version: `formatVersion` in src/format/segment-header.ts grows, and this
 *   writes one folder more; the folders of older versions stay as they are.
 *
 * test/conformance/golden.test.ts reads all of them.
 *
 *     vectors/NAME.json   bytes in hex and the fields they say, for readers in any language
 *     STORE/data/         a store as a directory; files ending in .gz are compressed
 *     STORE/expected.json what every reader must find in it
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatVersion } from '../src/format/segment-header.js';
import { type Codec, codecs, type PlacedBatch, type VectorFile } from './golden/codecs.js';
import { type Plain, toHex, toPlain } from './golden/plain-json.js';
import { expectedOf, freezeStore, goldenStores } from './golden/stores.js';
import { type Samples, samples } from './golden/vectors.js';

const root = fileURLToPath(new URL('../../segments/golden', import.meta.url));
const folder = join(root, `v${formatVersion}`);

function isFrozen(path: string): boolean {
  const frozen = existsSync(path);
  console.log(frozen ? `stays as it is: ${path}` : `is written: ${path}`);
  return frozen;
}

function jsonOf(content: Plain): string {
  return `${JSON.stringify(content, null, 1)}\n`;
}

function writeVectors(): void {
  const all = samples((batch) => {
    const bytes = codecs['batch-headers'].encode(batch);
    const decoded = codecs['batch-headers'].decode(bytes, batch) as PlacedBatch | undefined;
    return decoded?.checksum ?? 0;
  });
  for (const file of Object.keys(codecs) as VectorFile[]) {
    const path = join(folder, 'vectors', `${file}.json`);
    if (isFrozen(path)) continue;
    mkdirSync(join(folder, 'vectors'), { recursive: true });
    writeFileSync(path, jsonOf(vectorsOf(file, all)), { flag: 'wx' });
  }
}

function vectorsOf<File extends VectorFile>(file: File, all: Samples): Plain {
  const codec: Codec<never> = codecs[file];
  return Object.entries(all[file]).map(([name, fields]) => {
    return { name, hex: toHex(codec.encode(fields as never)), fields: toPlain(fields) };
  });
}

async function writeStore(name: string): Promise<void> {
  if (isFrozen(join(folder, name))) return;
  const temporary = mkdtempSync(join(tmpdir(), 'logstore-golden-'));
  try {
    const directory = await goldenStores[name]?.(temporary);
    if (directory === undefined) throw new Error(`no golden store ${name}`);
    freezeStore(directory, join(folder, name, 'data'));
    const expected = jsonOf(await expectedOf(directory));
    writeFileSync(join(folder, name, 'expected.json'), expected, { flag: 'wx' });
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

writeVectors();
for (const name of Object.keys(goldenStores)) await writeStore(name);
