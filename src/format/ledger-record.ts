import { invariant } from '../base/invariant.js';
import { getU32, getU64, setU32, setU64 } from './byte-order.js';
import { corrupt, list, number, text } from './fields.js';
import { decodeMsgpack } from './msgpack.js';
import { MsgpackWriter } from './msgpack-writer.js';

/** SPEC.md, The ledger on disk: a block as it stands in the ledger's own log, as a commit. */
export interface BlockRecord {
  readonly height: number;
  readonly timeUnixMs: number;
  /** ledger-block/v1 */
  readonly text: string;
  /** Numbers of the records with its changes: `count` from `first` on. */
  readonly changes: { readonly first: number; readonly count: number };
  /** Number of the record with the key set that it names. */
  readonly keysSequence: number;
  /** What of the store's log it seals: everything below this number. */
  readonly storeSequenceNext: number;
}

/** One change of a block, with what it takes to find the object's record again. */
export interface ChangeEntry {
  /** change/v1 */
  readonly text: string;
  /** Of the commit in the store's log, and of the mutation in it. */
  readonly sequence: number;
  readonly mutation: number;
  /** The `before` of the record that was added: not in the change itself. */
  readonly before: Uint8Array | undefined;
}

/** The one kind of mutation in the ledger's log; the store's own log has none of this number. */
const blockMutation = 64;
const hashBytes = 32;
const entryHeadBytes = 4 + 8 + 2 + 2;
/** But where one entry alone takes more. */
const payloadBytesMax = 256 * 1024;
const writer = new MsgpackWriter();
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The payload of its commit: version = height + 1. */
export function encodeBlockRecord(record: BlockRecord): Uint8Array {
  writer.begin(4);
  writer.array(3);
  writer.integer(record.timeUnixMs);
  writer.integer(record.height + 1);
  writer.array(1);
  writer.array(6);
  writer.integer(blockMutation);
  writer.text(record.text);
  writer.integer(record.changes.first);
  writer.integer(record.changes.count);
  writer.integer(record.keysSequence);
  writer.integer(record.storeSequenceNext);
  const payload = writer.end();
  setU32(payload, 0, payload.length - 4);
  return payload;
}

/** @throws LogStoreError `RECORD_CORRUPT` for a meta that is no block's */
export function decodeBlockMeta(meta: Uint8Array): BlockRecord {
  const [time, version, mutations] = list(decodeMsgpack(meta));
  const fields = list(list(mutations)[0]);
  if (number(fields[0]) !== blockMutation) throw corrupt('a commit in the ledger is no block');
  return {
    ...{ height: number(version) - 1, timeUnixMs: number(time), text: text(fields[1]) },
    changes: { first: number(fields[2]), count: number(fields[3]) },
    ...{ keysSequence: number(fields[4]), storeSequenceNext: number(fields[5]) },
  };
}

/**
 * Entries as the payloads of records, each `u32 bytes of text | u64 sequence | u16 mutation |
 * u16 bytes of before | before | text`, one behind the other.
 */
export class EncodedChanges {
  #count = 0;
  readonly #full: Uint8Array[] = [];
  #open = new Uint8Array(0);
  #used = 0;

  get count(): number {
    return this.#count;
  }

  /** In order, with whole entries in each. */
  get payloads(): Uint8Array[] {
    return this.#used === 0 ? this.#full : [...this.#full, this.#open.subarray(0, this.#used)];
  }

  /** @returns the bytes of its text, where they lie */
  add({ text, sequence, mutation, before }: ChangeEntry): Uint8Array {
    const beforeBytes = before?.length ?? 0;
    invariant(beforeBytes === 0 || beforeBytes === hashBytes, 'a leaf hash has 32 bytes');
    this.#reserve(entryHeadBytes + beforeBytes + 3 * text.length);
    const at = this.#used;
    const textStart = at + entryHeadBytes + beforeBytes;
    const { written } = encoder.encodeInto(text, this.#open.subarray(textStart));
    setU32(this.#open, at, written);
    setU64(this.#open, at + 4, sequence);
    setU32(this.#open, at + 12, mutation + beforeBytes * 2 ** 16);
    if (before !== undefined) this.#open.set(before, at + entryHeadBytes);
    this.#used = textStart + written;
    this.#count++;
    return this.#open.subarray(textStart, this.#used);
  }

  #reserve(sizeBytes: number): void {
    const needed = this.#used + sizeBytes;
    if (needed <= this.#open.length) return;
    if (this.#used > 0 && needed > payloadBytesMax) {
      this.#full.push(this.#open.subarray(0, this.#used));
      this.#open = new Uint8Array(Math.max(payloadBytesMax, sizeBytes));
      this.#used = 0;
      return;
    }
    const grown = new Uint8Array(Math.max(needed, Math.min(2 * needed, payloadBytesMax)));
    grown.set(this.#open.subarray(0, this.#used));
    this.#open = grown;
  }
}

/** @throws LogStoreError `RECORD_CORRUPT` unless the bytes are whole entries */
export function decodeChangeEntries(payload: Uint8Array): ChangeEntry[] {
  const entries: ChangeEntry[] = [];
  for (let at = 0; at < payload.length; ) {
    if (at + entryHeadBytes > payload.length) throw corrupt('an entry of changes is cut short');
    const words = getU32(payload, at + 12);
    const beforeBytes = Math.floor(words / 2 ** 16);
    const textStart = at + entryHeadBytes + beforeBytes;
    const end = textStart + getU32(payload, at);
    const isWhole = end <= payload.length && (beforeBytes === 0 || beforeBytes === hashBytes);
    if (!isWhole) throw corrupt('an entry of changes is cut short');
    const before = beforeBytes === 0 ? undefined : payload.slice(at + entryHeadBytes, textStart);
    entries.push({
      text: decoder.decode(payload.subarray(textStart, end)),
      ...{ sequence: getU64(payload, at + 4), mutation: words % 2 ** 16, before },
    });
    at = end;
  }
  return entries;
}
