import { errnoOf, isLogStoreError, LogStoreError } from '../base/errors.js';
import { saltSeed } from '../format/batch.js';
import { checksum } from '../format/checksum.js';
import { segmentPath } from '../format/file-names.js';
import type { ManifestFile } from '../format/manifest-frame.js';
import {
  decodeRecordHeader,
  type RecordHeader,
  recordHeaderBytes,
  recordKind,
} from '../format/record.js';
import { type LogFiles, type ReadableSegment, segmentOf } from './log-files.js';
import { mendRecordHeader } from './mend-header.js';
import type { StoredRecord } from './record-types.js';

/**
 * Reads one durable record by its number, with one read, and verifies header and payload.
 * @throws LogStoreError `RECORD_CORRUPT` naming file and offset; `IO` if the disk gives an error
 */
export async function readRecord(
  files: LogFiles,
  segments: readonly ReadableSegment[],
  sequence: number,
): Promise<StoredRecord> {
  const segment = segmentOf(segments, sequence);
  const named = segment?.named;
  const table = segment && (await orSay(files.tableOf(segment), segment.named));
  const place = table?.locate(sequence);
  if (named === undefined || place === undefined) {
    throw new LogStoreError('RECORD_CORRUPT', `record ${sequence} is nowhere in the log`);
  }
  try {
    // No Buffer, whose `slice` does not copy: what is cached would be given away.
    const bytes = new Uint8Array(Buffer.allocUnsafeSlow(place.reachBytes).buffer);
    const reading = files.use(named, (file) => file.read(bytes, place.offset));
    const read = await orSay(reading, named);
    return verified(bytes.subarray(0, read), named, place.offset, sequence);
  } catch (error) {
    if (segment?.parity === undefined || !isLogStoreError(error)) throw error;
    const { offset, reachBytes } = place;
    const bytes = await files.readRestored(segment, offset, reachBytes);
    if (bytes === undefined) throw error;
    return verified(bytes, named, offset, sequence);
  }
}

/** What the system refuses, a file that cannot be opened among it, says nothing of the record. */
async function orSay<T>(reading: Promise<T>, named: ManifestFile): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    const message = `${segmentPath(named.fileId)} cannot be read`;
    throw new LogStoreError('IO', message, { cause: error });
  }
}

function verified(
  bytes: Uint8Array,
  named: ManifestFile,
  offset: number,
  sequence: number,
): StoredRecord {
  const seed = saltSeed(named.salt);
  let whole = bytes;
  let header: RecordHeader | undefined = decodeRecordHeader(bytes, 0, seed, offset);
  if (header === undefined) {
    const mended = mendRecordHeader(bytes, seed, offset, offset + bytes.length, sequence);
    if (mended !== undefined) {
      whole = mended;
      header = decodeRecordHeader(mended, 0, seed, offset);
    }
  }
  const kind = header === undefined ? undefined : recordKind(header);
  if (header === undefined || kind === undefined || header.sequence !== sequence) {
    throw corrupt(named, offset, sequence, 'its header is damaged');
  }
  const payload = whole.subarray(recordHeaderBytes, recordHeaderBytes + header.payloadBytes);
  if (payload.length < header.payloadBytes)
    throw corrupt(named, offset, sequence, 'it is cut short');
  if (checksum(payload) !== header.payloadChecksum) {
    throw corrupt(named, offset, sequence, 'its payload is damaged');
  }
  return { kind, flags: header.flags, sequence, payload };
}

function corrupt(
  named: ManifestFile,
  offset: number,
  sequence: number,
  what: string,
): LogStoreError {
  const place = `${segmentPath(named.fileId)} at byte ${offset}`;
  return new LogStoreError('RECORD_CORRUPT', `record ${sequence} in ${place}: ${what}`);
}
