import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { encodeCheckpoint } from '../../src/ledger/checkpoint.js';
import type { CheckpointSigner } from '../../src/ledger/sign-checkpoint.js';
import { encodeNote, signCheckpoint } from '../../src/ledger/sign-checkpoint.js';
import { encodeEntryBundle, encodeTile, tilePath, tilesBetween } from '../../src/ledger/tiles.js';
import { rootAt } from '../../src/merkle/growing-tree.js';
import { nodeSha256 } from '../unit/ledger/golden.js';
import { treeOf } from '../unit/ledger/signed-log.js';

/** Writes what a log of `size` blocks publishes since it had `older`. */
export function publish(
  folder: string,
  signer: CheckpointSigner,
  [older, size]: readonly [older: number, size: number],
  entryAt?: (index: number) => string,
): void {
  const { hashAt, entries } = treeOf(size, entryAt);
  for (const tile of tilesBetween(older, size)) {
    const first = tile.index * 256;
    const bytes =
      tile.level === 'entries'
        ? encodeEntryBundle(entries.slice(first, first + tile.width))
        : encodeTile(tile, hashAt);
    write(join(folder, tilePath(tile)), bytes);
  }
  const root = rootAt(nodeSha256, hashAt, size);
  const checkpoint = { origin: signer.key.name, size, root };
  const signatures = [signCheckpoint(signer, checkpoint, 0)];
  write(join(folder, 'checkpoint'), encodeNote({ text: encodeCheckpoint(checkpoint), signatures }));
}

function write(path: string, content: Uint8Array | string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}
