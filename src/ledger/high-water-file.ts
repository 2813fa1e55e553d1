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

/** The file with the two slots of SPEC.md, Rollback guard. Owns it while it is open. */
export class HighWaterFile implements AsyncDisposable {
  private constructor(
    private readonly place: HighWaterPlace,
    private file: DiskFile | undefined,
    private current: HighWater | undefined,
  ) {}

  static async open(place: HighWaterPlace): Promise<HighWaterFile> {
    const { disk, path } = place;
    if ((await disk.sizeBytes(path)) === undefined)
      return new HighWaterFile(place, undefined, undefined);
    const file = await disk.open(path, 'write');
    const slots: Uint8Array[] = [];
    for (const offset of slotOffsets) {
      const slot = new Uint8Array(slotBytes);
      slots.push(slot.subarray(0, await file.read(slot, offset)));
    }
    return new HighWaterFile(place, file, decodeHighWater(slots));
  }

  /** Undefined while there is none, or none any more. */
  get mark(): HighWater | undefined {
    return this.current;
  }

  /** Durable when it resolves. The slot with the mark before stays as it is. */
  async raise({ size, root }: TreeHead, originHash: Uint8Array): Promise<void> {
    const mark = { number: (this.current?.number ?? 0) + 1, size, root, originHash };
    this.file ??= await this.#create();
    const offset = slotOffsets[mark.number % 2 === 0 ? 0 : 1];
    await this.file.write(offset, [encodeSlot(mark)]);
    await this.file.sync();
    this.current = mark;
  }

  async #create(): Promise<DiskFile> {
    const { disk, path } = this.place;
    const end = path.lastIndexOf('/');
    const directory = end < 0 ? '' : path.slice(0, end);
    await disk.makeDirectory(directory);
    const file = await disk.open(path, 'create');
    await file.write(0, [new Uint8Array(slotOffsets[1] + slotBytes)]);
    await file.sync();
    await disk.syncDirectory(directory);
    return file;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.file?.close();
    this.file = undefined;
  }
}
