import type { Host } from '../../src/base/host.js';
import { invariant } from '../../src/base/invariant.js';
import { saltSeed } from '../../src/format/batch.js';
import { segmentPath } from '../../src/format/file-names.js';
import { decodeRecordHeader, recordBytes } from '../../src/format/record.js';
import { batchesStart, decodeSegmentHeader } from '../../src/format/segment-header.js';
import { openLog } from '../../src/log/open-log.js';
import type { Log, OpenLogOptions } from '../../src/log/types.js';
import type { Operation } from './fault-plan.js';
import { LogJournal, LogNotes } from './log-journal.js';
import { SimulatedWorld } from './simulated-host.js';

export const firstSegment = segmentPath(1);

/** Opens the log of a world and takes down what it hands over. */
export async function openNoting(
  world: SimulatedWorld,
  options: Partial<OpenLogOptions> = {},
): Promise<{ log: Log; notes: LogNotes }> {
  const notes = new LogNotes();
  const log = await world.run(openLog(world as Host, { mode: 'write', ...options }, notes));
  return { log, notes };
}

export function sequencesOf(notes: LogNotes): number[] {
  return notes.commits.map(({ sequence }) => sequence);
}

/** A world with an open log of `bodies.length` commits, each in a batch of its own. */
export async function aLogOf(
  bodies: readonly Uint8Array[],
  world = new SimulatedWorld(1),
): Promise<{ world: SimulatedWorld; log: Log; journal: LogJournal }> {
  const journal = new LogJournal();
  const { log } = await openNoting(world);
  for (const body of bodies) await world.run(journal.commit(log, body));
  return { world, log, journal };
}

/** The same, after `kill -9` before any later batch. */
export async function aKilledLogOf(
  bodies: readonly Uint8Array[],
): Promise<{ world: SimulatedWorld; journal: LogJournal }> {
  const { world, journal } = await aLogOf(bodies);
  return { world: world.crash(1, 'kill'), journal };
}

export function bodiesOf(...sizesBytes: number[]): Uint8Array[] {
  return sizesBytes.map((sizeBytes, index) => new Uint8Array(sizeBytes).fill(index + 1));
}

/** Every call of the disk from now on, as the fault plan hears of it. */
export function listenTo(world: SimulatedWorld): Operation[] {
  const calls: Operation[] = [];
  world.faults.faultWhen((operation) => {
    calls.push(operation);
    return undefined;
  });
  return calls;
}

export interface RecordPlace {
  readonly sequence: number;
  readonly offset: number;
  readonly payloadBytes: number;
  /** Behind the record and its padding. */
  readonly end: number;
}

/** Where each record of a segment stands, found by the records' own headers. */
export function recordsIn(world: SimulatedWorld, path = firstSegment): RecordPlace[] {
  const bytes = world.disk.testBytesOf(path);
  const segment = decodeSegmentHeader(bytes);
  invariant(segment !== undefined, 'the segment has a header');
  const seed = saltSeed(segment.salt);
  const places: RecordPlace[] = [];
  for (let offset = batchesStart; offset < bytes.length; ) {
    const header = decodeRecordHeader(bytes, offset, seed, offset);
    if (header === undefined) {
      offset += 8;
      continue;
    }
    const end = offset + recordBytes(header.payloadBytes);
    const { sequence, payloadBytes } = header;
    places.push({ sequence, offset, payloadBytes, end });
    offset = end;
  }
  return places;
}

export function placeOf(places: readonly RecordPlace[], sequence: number): RecordPlace {
  const place = places.find((each) => each.sequence === sequence);
  invariant(place !== undefined, `record ${sequence} stands somewhere`);
  return place;
}
