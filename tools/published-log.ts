import { LogStoreError } from '../src/base/errors.js';
import { NotProven } from '../src/base/not-proven.js';
import { type Checkpoint, decodeCheckpoint } from '../src/ledger/checkpoint.js';
import { nodeSha256 } from '../src/ledger/node-hash.js';
import { decodeNote } from '../src/ledger/note.js';
import {
  decodeEntryBundle,
  hashesFromTiles,
  type Tile,
  tilePath,
  tilesBetween,
  tileWidth,
} from '../src/ledger/tiles.js';
import { type HashAt, rootAt } from '../src/merkle/growing-tree.js';
import { equalHashes, leafHash } from '../src/merkle/rfc6962.js';

const hashBytes = 32;

/** A file by its path in C2SP tlog-tiles; undefined if there is none. */
export type FileOf = (path: string) => Promise<Uint8Array | undefined>;

/** What a log publishes, wherever it is read. Nothing of it is believed before it is checked. */
export class PublishedLog {
  private constructor(
    private readonly fileOf: FileOf,
    /** The signed checkpoint. */
    readonly note: string,
    readonly checkpoint: Checkpoint,
  ) {}

  /** @throws LogStoreError `NOT_SEALED` where nothing is published; NotProven */
  static async open(fileOf: FileOf): Promise<PublishedLog> {
    const bytes = await fileOf('checkpoint');
    if (bytes === undefined)
      throw new LogStoreError('NOT_SEALED', 'no checkpoint is published: nothing is signed yet');
    const note = Buffer.from(bytes).toString('utf8');
    return new PublishedLog(fileOf, note, decodeCheckpoint(decodeNote(note).text));
  }

  /** A partial tile may be gone: then it is the beginning of the full one. */
  async tile(tile: Tile): Promise<Uint8Array> {
    const exact = await this.fileOf(tilePath(tile));
    if (exact !== undefined) return exact;
    const full = await this.fileOf(tilePath({ ...tile, width: tileWidth }));
    if (full === undefined) throw new NotProven('log', `${tilePath(tile)} is missing`);
    return tile.level === 'entries' ? full : full.subarray(0, tile.width * hashBytes);
  }

  /**
   * All of it, each entry held against its tile, and the tiles against the checkpoint.
   * @param entry each in order, once it was found to be in the tree
   * @throws NotProven naming the first thing wrong
   */
  async check(
    entry: (bytes: Uint8Array, index: number) => void | Promise<void>,
    progress: (done: number, total: number) => void,
  ): Promise<HashAt> {
    const { size, root } = this.checkpoint;
    const tiles = new Map<string, Uint8Array>();
    for (const tile of tilesBetween(0, size)) {
      if (tile.level === 'entries') continue;
      const bytes = await this.tile(tile);
      if (bytes.length !== tile.width * hashBytes)
        throw new NotProven('log', `${tilePath(tile)} has not the size of a tile`);
      tiles.set(tilePath(tile), bytes);
    }
    const hashAt = hashesFromTiles(nodeSha256, size, (tile) => {
      return tiles.get(tilePath(tile)) ?? new Uint8Array();
    });
    if (!equalHashes(rootAt(nodeSha256, hashAt, size), root))
      throw new NotProven('log', 'the tiles have another root than the checkpoint');
    for (let first = 0; first < size; first += tileWidth) {
      const width = Math.min(tileWidth, size - first);
      const tile = { level: 'entries', index: first / tileWidth, width } as const;
      const entries = decodeEntryBundle(await this.tile(tile))?.slice(0, width) ?? [];
      for (const [at, bytes] of entries.entries()) {
        if (!equalHashes(leafHash(nodeSha256, bytes), hashAt(0, first + at)))
          throw new NotProven('log', `entry ${first + at} is not the one in the tree`);
        await entry(bytes, first + at);
      }
      if (entries.length < width) throw new NotProven('log', `${tilePath(tile)} is cut short`);
      progress(first + width, size);
    }
    return hashAt;
  }
}
