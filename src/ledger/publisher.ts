import type { Disk } from '../base/host.js';
import { listOrEmpty } from '../log/log-directory.js';
import { tilesDirectory, writeWhole } from './ledger-files.js';
import type { LedgerLog } from './ledger-log.js';
import {
  encodeEntryBundle,
  encodeTile,
  type Tile,
  tilePath,
  tilesBetween,
  tileWidth,
} from './tiles.js';

export const checkpointFile = `${tilesDirectory}/checkpoint`;
export const ownCheckpointFile = `${tilesDirectory}/checkpoint.log`;

const encoder = new TextEncoder();

/**
 * Renders what is published as static files (C2SP tlog-tiles), below `tiles/`. All of it follows
 * from the ledger's log: what is lost is rendered again.
 */
export class Publisher {
  readonly #madeDirectories = new Set<string>();

  constructor(
    private readonly disk: Disk,
    private readonly ledger: LedgerLog,
  ) {}

  /** Tiles and bundles by which a tree of `newer` blocks has more than one of `older`. */
  async tiles(older: number, newer: number): Promise<void> {
    for (const tile of tilesBetween(older, newer)) await this.#render(tile);
  }

  /** Writes again what is missing of a tree of `size`, or was cut short by a crash. */
  async mend(size: number): Promise<void> {
    for (const tile of tilesBetween(0, size)) {
      const sizeBytes = await this.disk.sizeBytes(placeOf(tile));
      const isThere = tile.level === 'entries' ? sizeBytes : sizeBytes === 32 * tile.width;
      // The right edge is small, and a crash may have left anything of it.
      if (tile.width < tileWidth || !isThere) await this.#render(tile);
    }
  }

  /** @param own the same note with the log's own signatures alone */
  async checkpoint(note: string, own: string): Promise<void> {
    await this.#makeDirectoryOf(checkpointFile);
    await writeWhole(this.disk, ownCheckpointFile, encoder.encode(own), false);
    await writeWhole(this.disk, checkpointFile, encoder.encode(note), false);
  }

  async #render(tile: Tile): Promise<void> {
    const path = placeOf(tile);
    const bytes = await renderTile(this.ledger, tile);
    await this.#makeDirectoryOf(path);
    const isFull = tile.width === tileWidth;
    await writeWhole(this.disk, path, bytes, isFull);
    if (isFull) await this.#removePartials(path);
  }

  async #removePartials(path: string): Promise<void> {
    const partials = `${path}.p`;
    for (const name of await listOrEmpty(this.disk, partials))
      await this.disk.unlink(`${partials}/${name}`);
  }

  async #makeDirectoryOf(path: string): Promise<void> {
    const directory = path.slice(0, path.lastIndexOf('/'));
    if (this.#madeDirectories.has(directory)) return;
    await this.disk.makeDirectory(directory);
    this.#madeDirectories.add(directory);
  }
}

/** The bytes of a tile, or of a bundle of entries. */
export async function renderTile(ledger: LedgerLog, tile: Tile): Promise<Uint8Array> {
  if (tile.level !== 'entries') return encodeTile(tile, ledger.tree.hashAt);
  const entries: Uint8Array[] = [];
  for (let at = 0; at < tile.width; at++) {
    const { text } = await ledger.block(tile.index * tileWidth + at);
    entries.push(encoder.encode(text));
  }
  return encodeEntryBundle(entries);
}

function placeOf(tile: Tile): string {
  return `${tilesDirectory}/${tilePath(tile)}`;
}
