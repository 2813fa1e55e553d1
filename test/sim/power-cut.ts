import { invariant } from '../../src/base/invariant.js';
import type { PagedBytes } from './paged-bytes.js';
import type { SeededRandom } from './seeded-random.js';
import {
  applyTo,
  DirectoryNode,
  FileNode,
  type NameChange,
  type Node,
  SimulatedTree,
  type Unsynced,
} from './simulated-tree.js';

/** What a disk promises about a write that the power cut. */
export interface SectorPromise {
  /** What it writes whole or not at all, mostly. */
  readonly sectorBytes: 512 | 4096;
  /** Whether a torn write leaves the other bytes of its sector alone. */
  readonly sparesBytesBeside: boolean;
}

/** One tree that a power cut may leave of `tree`, which stays as it is. */
export function afterPowerCut(
  tree: SimulatedTree,
  random: SeededRandom,
  promise: SectorPromise,
): SimulatedTree {
  const kept = keptNameChanges(tree.nameChanges, random);
  const survivors = new Map<Node, Node>();
  const survivorOf = (node: Node): Node => {
    const known = survivors.get(node);
    if (known !== undefined) return known;
    if (node instanceof FileNode) {
      const image = survivingBytes(node, random, promise);
      const file = new FileNode(image, image.clone());
      survivors.set(node, file);
      return file;
    }
    const directory = new DirectoryNode();
    survivors.set(node, directory);
    const names = new Map(node.durable);
    for (const { directory: parent, name, after } of kept) {
      if (parent !== node) continue;
      if (after === undefined) names.delete(name);
      else names.set(name, after);
    }
    for (const [name, child] of names) directory.live.set(name, survivorOf(child));
    directory.durable = new Map(directory.live);
    return directory;
  };
  const left = new SimulatedTree();
  const root = survivorOf(tree.root);
  invariant(root instanceof DirectoryNode, 'the root is a directory');
  left.root = root;
  return left;
}

/** Of the changes of each name the first few, in order, independent of other names. */
function keptNameChanges(changes: readonly NameChange[], random: SeededRandom): NameChange[] {
  const kept = new Set<NameChange>();
  const stopped = new Map<DirectoryNode, Set<string>>();
  const keepChance = random.pick([0.1, 0.5, 0.9]);
  for (const change of changes) {
    const { directory, name } = change;
    const stoppedHere = stopped.get(directory) ?? new Set();
    stopped.set(directory, stoppedHere);
    if (stoppedHere.has(name)) continue;
    // The old name of a renamed file may outlive the arrival of the new one, never the reverse.
    const mayGo = change.onlyWith === undefined || isSettled(change.onlyWith, changes, kept);
    if (mayGo && random.chance(keepChance)) kept.add(change);
    else stoppedHere.add(name);
  }
  return changes.filter((change) => kept.has(change));
}

function isSettled(
  change: NameChange,
  pending: readonly NameChange[],
  kept: ReadonlySet<NameChange>,
): boolean {
  return kept.has(change) || !pending.includes(change);
}

function survivingBytes(file: FileNode, random: SeededRandom, promise: SectorPromise): PagedBytes {
  const image = file.durable.clone();
  if (file.unsynced.length === 0) return image;
  const fate = random.pick(['nothing', 'everything', 'first few', 'any', 'any', 'any'] as const);
  if (fate === 'nothing') return image;
  const whole = wholeCount(fate, file.unsynced.length, random);
  const cut = new SectorCut(image, random, promise);
  file.unsynced.forEach((change, index) => {
    if (index < whole) applyTo(image, change);
    else if (fate === 'any' || index === whole) cut.apply(change);
  });
  // The size may reach the disk before the data does; the space between reads as zeros.
  const sizeBytes = file.live.sizeBytes;
  if (sizeBytes > image.sizeBytes && random.chance(0.25)) image.resize(sizeBytes);
  return image;
}

function wholeCount(fate: string, count: number, random: SeededRandom): number {
  if (fate === 'everything') return count;
  return fate === 'first few' ? random.below(count + 1) : 0;
}

/** Lets each sector of a write come to the disk, stay away, or be torn, on its own. */
class SectorCut {
  /** Sectors that reached the disk for the last time: a later version of them did not. */
  readonly #final = new Set<number>();
  readonly #arrivalChance: number;

  constructor(
    private readonly image: PagedBytes,
    private readonly random: SeededRandom,
    private readonly promise: SectorPromise,
  ) {
    this.#arrivalChance = random.pick([0.05, 0.5, 0.9, 0.98]);
  }

  apply(change: Unsynced): void {
    if (change.is === 'bytes') this.#applyBytes(change.offset, change.bytes);
    else if (change.is === 'zeros') this.#applyZeros(change.offset, change.countBytes);
    else if (this.random.chance(0.5)) this.image.resize(change.sizeBytes);
  }

  /** Zeros are a run: its beginning arrives. Sector by sector it would cost much and show little. */
  #applyZeros(offset: number, countBytes: number): void {
    const { sectorBytes } = this.promise;
    const sectorCount = this.random.below(Math.ceil(countBytes / sectorBytes) + 1);
    const end = Math.floor(offset / sectorBytes + sectorCount) * sectorBytes;
    const arrived = Math.min(countBytes, Math.max(0, end - offset));
    if (arrived > 0) this.image.writeZeros(offset, arrived);
  }

  #applyBytes(offset: number, bytes: Uint8Array): void {
    const { sectorBytes } = this.promise;
    for (let done = 0; done < bytes.length; ) {
      const sector = Math.floor((offset + done) / sectorBytes);
      const end = Math.min(bytes.length, (sector + 1) * sectorBytes - offset);
      const piece = bytes.subarray(done, end);
      if (!this.#final.has(sector)) this.#applyPiece(sector, offset + done, piece);
      done = end;
    }
  }

  #applyPiece(sector: number, offset: number, piece: Uint8Array): void {
    if (this.random.chance(this.#arrivalChance)) {
      this.image.write(offset, piece);
      return;
    }
    this.#final.add(sector);
    if (this.random.chance(0.75)) return; // it stayed away
    if (!this.promise.sparesBytesBeside) this.#spoil(sector);
    const tear = this.random.pick(['first bytes', 'zeros', 'garbage'] as const);
    if (tear === 'garbage') this.image.write(offset, this.random.bytes(piece.length));
    else if (tear === 'zeros') this.image.writeZeros(offset, piece.length);
    else this.image.write(offset, piece.subarray(0, this.random.below(piece.length)));
  }

  #spoil(sector: number): void {
    const { sectorBytes } = this.promise;
    const start = sector * sectorBytes;
    const length = Math.min(sectorBytes, this.image.sizeBytes - start);
    if (length > 0) this.image.write(start, this.random.bytes(length));
  }
}
