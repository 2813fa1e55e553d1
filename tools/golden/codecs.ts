import {
  type BatchHeader,
  batchHeaderBytes,
  decodeBatchHeader,
  encodeBatchHeader,
  saltSeed,
} from '../../src/format/batch.js';
import { checksum } from '../../src/format/checksum.js';
import {
  type Commit,
  commitSubject,
  decodeCommit,
  encodeCommit,
  inlineBodyStart,
  versionAfter,
} from '../../src/format/commit.js';
import {
  decodeFooterEntryHead,
  decodeFooterHead,
  encodeFooterEntryHead,
  encodeFooterHead,
  type FooterHead,
  footerEntryBytes,
  footerEntryHeadBytes,
} from '../../src/format/footer.js';
import { decodeVersionKey, versionKey } from '../../src/format/key-encoding.js';
import {
  decodeManifestFrame,
  encodeManifestFrame,
  type ManifestFrame,
} from '../../src/format/manifest-frame.js';
import {
  decodeRecordHeader,
  encodeRecordHeader,
  recordBytes,
  recordHeaderBytes,
  subjectOf,
} from '../../src/format/record.js';
import {
  decodeScrubState,
  encodeScrubState,
  type ScrubState,
} from '../../src/format/scrub-state.js';
import {
  decodeSegmentHeader,
  encodeSegmentStart,
  type SegmentHeader,
  segmentHeaderBytes,
} from '../../src/format/segment-header.js';

/** Fields to bytes and back, as the vectors of one file have them; `decode` may throw. */
export interface Codec<Fields> {
  encode(fields: Fields): Uint8Array;
  decode(bytes: Uint8Array, fields: Fields): unknown;
}

/** Where a header that is bound to its place stands. */
interface Placed {
  readonly salt: Uint8Array;
  readonly offset: number;
}
export interface PlacedBatch extends Placed {
  readonly header: BatchHeader;
  /** The header's checksum field, which the batch behind it holds. */
  readonly checksum: number;
}
export interface PlacedRecord extends Placed {
  readonly kind: number;
  readonly flags: number;
  readonly sequence: number;
  readonly subject: Uint8Array;
  readonly payload: Uint8Array;
}
export interface CommitPayload {
  readonly commit: Commit;
  readonly inlineBody: Uint8Array;
  /** What stands in the record's header. */
  readonly subject: Uint8Array;
  readonly versionAfter: number;
}
export interface NamedVersion {
  readonly bucket: string;
  readonly key: string;
  readonly version: number;
}
export interface FooterEntry {
  readonly sequence: number;
  readonly flags: number;
  readonly meta: Uint8Array;
}

const segmentHeaders: Codec<SegmentHeader> = {
  encode: (header) => encodeSegmentStart(header).slice(0, segmentHeaderBytes),
  decode: decodeSegmentHeader,
};

const batchHeaders: Codec<PlacedBatch> = {
  encode({ salt, offset, header }) {
    const bytes = new Uint8Array(batchHeaderBytes);
    encodeBatchHeader(bytes, 0, header, saltSeed(salt), offset);
    return bytes;
  },
  decode(bytes, { salt, offset }) {
    const decoded = decodeBatchHeader(bytes, 0, saltSeed(salt), offset);
    if (decoded === undefined) return undefined;
    const { checksum: own, ...header } = decoded;
    return { salt, offset, header, checksum: own };
  },
};

const records: Codec<PlacedRecord> = {
  encode({ salt, offset, payload, ...rest }) {
    const bytes = new Uint8Array(recordBytes(payload.length));
    const sums = { payloadChecksum: checksum(payload), payloadBytes: payload.length };
    encodeRecordHeader(bytes, 0, { ...rest, ...sums }, saltSeed(salt), offset);
    bytes.set(payload, recordHeaderBytes);
    return bytes;
  },
  decode(bytes, { salt, offset }) {
    const header = decodeRecordHeader(bytes, 0, saltSeed(salt), offset);
    if (header === undefined) return undefined;
    const { kind, flags, sequence, payloadBytes } = header;
    const payload = bytes.slice(recordHeaderBytes, recordHeaderBytes + payloadBytes);
    if (checksum(payload) !== header.payloadChecksum) return undefined;
    return { salt, offset, kind, flags, sequence, subject: subjectOf(bytes, 0), payload };
  },
};

const commits: Codec<CommitPayload> = {
  encode({ commit, inlineBody }) {
    return Uint8Array.from(Buffer.concat([encodeCommit(commit), inlineBody]));
  },
  decode(bytes) {
    const commit = decodeCommit(bytes);
    const inlineBody = bytes.slice(inlineBodyStart(bytes));
    const subject = commitSubject(commit.mutations);
    return { commit, inlineBody, subject, versionAfter: versionAfter(bytes.subarray(4)) };
  },
};

const manifestFrames: Codec<ManifestFrame> = {
  encode: (frame) => Uint8Array.from(encodeManifestFrame(withRemovals(frame)).bytes),
  decode(bytes, fields) {
    const frame = decodeManifestFrame(bytes, 0)?.frame;
    return frame === undefined ? undefined : withRemovals(frame, fields);
  },
};

/** The first vectors were written before compaction and parity: they do not name these fields. */
function withRemovals(frame: ManifestFrame, like?: ManifestFrame): ManifestFrame {
  const edits = frame.edits.map((edit, index) => {
    if (edit.is !== 'state') return edit;
    const { removalDroppedMax = 0, parityGroups = [], ...rest } = edit.state;
    const state = { ...rest, parityGroups };
    const other = like?.edits[index];
    const isNamed =
      other === undefined || (other.is === 'state' && 'removalDroppedMax' in other.state);
    if (!isNamed && removalDroppedMax === 0) return { is: 'state', state } as typeof edit;
    return { is: 'state', state: { ...state, removalDroppedMax } } as const;
  });
  return { ...frame, edits };
}

const footerHeads: Codec<FooterHead> = { encode: encodeFooterHead, decode: decodeFooterHead };

const footerEntries: Codec<FooterEntry> = {
  encode({ sequence, flags, meta }) {
    const bytes = new Uint8Array(footerEntryBytes(meta.length));
    encodeFooterEntryHead(bytes, 0, { sequence, metaBytes: meta.length, flags });
    bytes.set(meta, footerEntryHeadBytes);
    return bytes;
  },
  decode(bytes) {
    const { sequence, metaBytes, flags } = decodeFooterEntryHead(bytes, 0);
    const meta = bytes.slice(footerEntryHeadBytes, footerEntryHeadBytes + metaBytes);
    return { sequence, flags, meta };
  },
};

const keys: Codec<NamedVersion> = {
  encode: ({ bucket, key, version }) => versionKey(bucket, key, version),
  decode: (bytes) => decodeVersionKey(bytes),
};

const scrubStates: Codec<ScrubState> = { encode: encodeScrubState, decode: decodeScrubState };

/** By the name of the vectors' file. */
export const codecs = {
  'segment-headers': segmentHeaders,
  'batch-headers': batchHeaders,
  records,
  commits,
  'commits-of-encryption': commits,
  'commits-of-named-keys': commits,
  'manifest-frames': manifestFrames,
  'manifest-frames-of-parity': manifestFrames,
  'scrub-states': scrubStates,
  'footer-heads': footerHeads,
  'footer-entries': footerEntries,
  keys,
};

export type VectorFile = keyof typeof codecs;
/** What a vector in a file says, besides its bytes. */
export type FieldsOf<File extends VectorFile> =
  (typeof codecs)[File] extends Codec<infer Fields> ? Fields : never;
