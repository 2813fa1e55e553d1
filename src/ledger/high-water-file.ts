import type { Disk, DiskFile } from '../base/host.js';
import type { TreeHead } from '../merkle/rfc6962.js';
import {
  decodeHighWater,
  encodeSlot,
  type HighWater,
  slotBytes,
  slotOffsets,
} from './high-water.js';

/** Where the mark of a log is kept: by preference on another disk than the log. */
export interface HighWaterPlace {
  readonly disk: Disk;
  readonly path: string;
}

/** The mark of a log, for who only looks. */
export async function readHighWater({
  disk,
  path,
}: HighWaterPlace): Promise<HighWater | undefined> {
  if ((await disk.sizeBytes(path)) === undefined) return undefined;
  const file = await disk.open(path, 'read');
  try {
    return await markOf(file);
  } finally {
    await file.close();
  }
}

async function markOf(file: DiskFile): Promise<HighWater | undefined> {
  const slots: Uint8Array[] = [];
  for (const offset of slotOffsets) {
    const slot = new Uint8Array(slotBytes);
    slots.push(slot.subarray(0, await file.read(slot, offset)));
  }
  return decodeHighWater(slots);
}

/** The file with the two slots of SPEC.md, Rollback guard. Owns it while it is open. */
export class HighWaterFile implements AsyncDisposable {
  private constructor(
    private readonly place: HighWaterPlace,
    private file: DiskFile | undefined,
    private current: HighWater | undefined,
  ) {}

  /** Whether the mark was made durable since the file was opened. */
  #isDurable = false;

  static async open(place: HighWaterPlace): Promise<HighWaterFile> {
    const { disk, path } = place;
    if ((await disk.sizeBytes(path)) === undefined)
      return new HighWaterFile(place, undefined, undefined);
    const file = await disk.open(path, 'write');
    try {
      return new HighWaterFile(place, file, await markOf(file));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Undefined while there is none, or none any more. */
  get mark(): HighWater | undefined {
    return this.current;
  }

  /**
   * What was found may be there for as long as the machine runs: a process may have been killed
   * before it was synced, or its sync may have failed.
   */
  get isDurable(): boolean {
    return this.#isDurable;
  }

  /** Durable when it resolves, with its name. The slot with the mark before stays as it is. */
  async raise({ size, root }: TreeHead, originHash: Uint8Array): Promise<void> {
    const mark = { number: (this.current?.number ?? 0) + 1, size, root, originHash };
    this.file ??= await this.#create();
    if (!this.#isDurable) await this.place.disk.syncDirectory(this.#directory);
    const offset = slotOffsets[mark.number % 2 === 0 ? 0 : 1];
    await this.file.write(offset, [encodeSlot(mark)]);
    await this.file.sync();
    this.current = mark;
    this.#isDurable = true;
  }

  async #create(): Promise<DiskFile> {
    const { disk, path } = this.place;
    await disk.makeDirectory(this.#directory);
    const file = await disk.open(path, 'create');
    try {
      await file.write(0, [new Uint8Array(slotOffsets[1] + slotBytes)]);
      await file.sync();
      return file;
    } catch (error) {
      await file.close();
      await disk.unlink(path); // so that the next attempt makes it anew
      throw error;
    }
  }

  get #directory(): string {
    const end = this.place.path.lastIndexOf('/');
    return end < 0 ? '' : this.place.path.slice(0, end);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.file?.close();
    this.file = undefined;
  }
}
