import { LogStoreError } from '../base/errors.js';
import type { Disk } from '../base/host.js';
import { NotProven } from '../base/not-proven.js';
import { type Checkpoint, decodeCheckpoint, signersOf } from '../ledger/checkpoint.js';
import { decodeNote, type NoteKey } from '../ledger/note.js';
import { readText, writeDurably } from './durable-text.js';
import { originName } from './evidence.js';

export const lastSeenDirectory = 'last';

/** The newest checkpoint of a log that the witness signed. */
export interface LastSeen {
  readonly checkpoint: Checkpoint;
  /** With the signatures of the log and of the witness. */
  readonly note: string;
}

/**
 * The witness's own signature stands in the file: damage to it must not make the witness believe
 * that it signed less than it did.
 * @returns undefined if this log's checkpoints were never signed
 * @throws LogStoreError `STORE_DAMAGED`
 */
export async function readLastSeen(
  disk: Disk,
  origin: string,
  own: NoteKey,
): Promise<LastSeen | undefined> {
  const path = pathOf(origin);
  const text = await readText(disk, path);
  if (text === undefined) return undefined;
  try {
    const note = decodeNote(text);
    const checkpoint = decodeCheckpoint(note.text);
    if (checkpoint.origin !== origin) throw new NotProven('form', 'it is of another log');
    if (signersOf(note, [own]).length === 0) {
      throw new NotProven('signature', 'this witness did not sign it');
    }
    return { checkpoint, note: text };
  } catch (error) {
    if (!(error instanceof NotProven)) throw error;
    const message = `'${path}', the last checkpoint of '${origin}': ${error.message}`;
    throw new LogStoreError('STORE_DAMAGED', message, { cause: error });
  }
}

/** Durable when it resolves. */
export async function writeLastSeen(disk: Disk, { checkpoint, note }: LastSeen): Promise<void> {
  await writeDurably(disk, pathOf(checkpoint.origin), note);
}

function pathOf(origin: string): string {
  return `${lastSeenDirectory}/${originName(origin)}`;
}
