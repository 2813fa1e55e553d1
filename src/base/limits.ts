import { invariant } from './invariant.js';

const KiB = 1024;
const MiB = 1024 ** 2;
const GiB = 1024 ** 3;

/** Every bound of the store in one place; they check one another below. */
export const limits = Object.freeze({
  keyBytesMax: 1024, // S3's own limit
  bucketNameBytesMax: 63, // S3's own limit
  metadataBytesMax: 8 * KiB, // all user metadata and stored headers of one object; S3 allows 2 KiB
  configurationBytesMax: 256 * KiB, // of each document of a bucket; they all stand in memory
  accessNameBytesMax: 128, // of a user or a policy; IAM's own limits are 64 and 128
  accessDocumentBytesMax: 64 * KiB, // of each user, of each policy; they all stand in memory
  objectAclBytesMax: 16 * KiB, // 100 grants
  objectBytesMax: 5 * 1024 * GiB, // S3's own limit
  putBytesMax: 5 * GiB, // S3's own limit for one PUT or one part
  partBytesMin: 5 * MiB, // S3's own limit; the last part may be smaller
  partCountMax: 10_000, // S3's own limit
  transactionMutationsMax: 1_000,
  listPageMax: 1_000, // S3's own limit

  dataRecordBytesMax: 256 * KiB, // larger bodies span several records
  inlineBodyBytesMax: 64 * KiB, // smaller bodies travel inside their commit: one append, one read
  recordPayloadBytesMax: 4 * MiB, // a commit of 10,000 parts fits; checked before any allocation
  segmentBytesDefault: 128 * MiB, // bounds the work of one replay, one rewrite, one rebuild
  segmentBytesMin: 1 * MiB,
  segmentBytesMax: 4 * GiB, // offsets / 8 fit 32 bits with room to spare
  batchBytesMax: 8 * MiB, // one write and one sync
  batchRecordsMax: 16_384,
  commitQueueBytesMax: 32 * MiB, // beyond it appenders wait, or get BUSY
  zeroFillBytes: 4 * MiB, // written ahead of the log's end, so that a sync moves no metadata
  idleMarkMs: 50, // after this long without an append an empty batch proves the last one
  manifestBytesMax: 4 * MiB, // then it is rewritten from its state
  scrubPeriodMsDefault: 14 * 86_400_000,
  timerMsMax: 3_600_000, // Node's timers end at 24 days; what is further off is looked at again
  recordCacheBytesDefault: 64 * MiB,
  receiptWaitersMax: 1024, // requests that wait for a block of the ledger
  receiptWaitMsMax: 60_000, // proxies in front give up soon after
});

invariant(
  limits.segmentBytesMin >= 4 * limits.dataRecordBytesMax,
  'a segment holds several records',
);
invariant(limits.batchBytesMax >= 2 * limits.recordPayloadBytesMax, 'any record fits a batch');
invariant(limits.commitQueueBytesMax >= limits.batchBytesMax, 'the queue holds a batch');
invariant(limits.inlineBodyBytesMax <= limits.dataRecordBytesMax, 'an inline body fits a record');
