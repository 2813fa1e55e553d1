import { createHash, hash } from 'node:crypto';
import { isLogStoreError, LogStoreError } from '../base/errors.js';
import { limits } from '../base/limits.js';
import type { Catalog } from '../catalog/catalog.js';
import { etagText } from '../catalog/conditions.js';
import { checkPartNumber } from '../catalog/keys.js';
import {
  blockerOfEnd,
  endsOfUpload,
  findPart,
  type OpenPart,
  type OpenUpload,
  openUpload,
  uploadVersionOf,
} from '../catalog/multipart.js';
import type { PendingCommit } from '../catalog/pending.js';
import { compositeChecksum, fullObjectChecksum } from '../digest/multipart-checksum.js';
import { algorithmOf, checksumField, checksumOf, typeOf } from '../format/checksum-numbers.js';
import { encryptionMethods } from '../format/encryption.js';
import type {
  ChecksumField,
  CreateUpload,
  Ends,
  ObjectRecord,
  PartRecord,
} from '../format/mutation.js';
import type { LogPin } from '../log/types.js';
import { treeHash } from '../merkle/growing-tree.js';
import { type Commits, createUploadAt, putPartAt } from './commits.js';
import type { Committer } from './committer.js';
import type { Encryptions } from './encryptions.js';
import type { Checksum, ObjectInfo } from './object-types.js';
import type { Objects } from './objects.js';
import type { CompletedPart, CompleteUploadOptions } from './types.js';

/** Makes an object of an upload's parts. */
export class UploadCompletion {
  constructor(
    private readonly catalog: Catalog,
    private readonly committer: Committer,
    private readonly commits: Commits,
    private readonly objects: Objects,
    private readonly encryptions: Encryptions,
  ) {}

  async complete(
    bucket: string,
    key: string,
    uploadId: string,
    parts: readonly CompletedPart[],
    options: CompleteUploadOptions,
  ): Promise<ObjectInfo> {
    checkOrder(parts);
    try {
      return await this.#complete(bucket, key, uploadId, parts, options);
    } catch (error) {
      if (!isLogStoreError(error, 'NO_SUCH_UPLOAD')) throw error;
      return await this.#completedBefore(bucket, key, uploadId, error);
    }
  }

  async #complete(
    bucket: string,
    key: string,
    uploadId: string,
    listed: readonly CompletedPart[],
    options: CompleteUploadOptions,
  ): Promise<ObjectInfo> {
    const blocker = blockerOfEnd(this.catalog, bucket, uploadId);
    if (blocker !== undefined) await blocker.settled;
    const pin = this.commits.pin();
    try {
      const upload = openUpload(this.catalog, bucket, key, uploadId);
      const parts = listed.map((part) => this.#listedPart(upload, part));
      const object = await this.#objectOf(upload, parts, listed, options, pin);
      return await this.objects.commitPut(bucket, key, object, options, undefined, () =>
        this.#endsOf(bucket, key, uploadId, parts),
      );
    } finally {
      pin.release();
    }
  }

  async #objectOf(
    upload: OpenUpload,
    parts: readonly OpenPart[],
    listed: readonly CompletedPart[],
    options: CompleteUploadOptions,
    pin: LogPin,
  ): Promise<{ record: ObjectRecord; ttlMs: number }> {
    const sizeBytes = sizeOf(parts, options.sizeBytes);
    const checksums = await this.#checksums(upload, parts, listed, options, pin);
    const { sequence, mutation } = upload;
    const created = createUploadAt(await this.commits.read(sequence, pin), sequence, mutation);
    await this.#checkKey(created, parts, options, pin);
    const record: ObjectRecord = {
      ...{ sizeBytes, etag: etagOf(parts), partCount: parts.length, sha256: null },
      ...{ partsRoot: partsRootOf(parts), checksums, runs: [] },
      parts: parts.flatMap((part) => [part.number, part.sequence, part.mutation, part.sizeBytes]),
      ...{ headers: created.headers, metadata: created.metadata, expiresUnixMs: 0 },
      ...{ salt: this.committer.salt(), uploadVersion: upload.version, flags: 0 },
      ...(created.state === undefined ? {} : { state: created.state }),
      ...(created.encryption === undefined ? {} : { encryption: created.encryption }),
    };
    return { record, ttlMs: created.ttlMs };
  }

  /**
   * S3 wants a customer's key again where checksums came with the upload or a part; and what is
   * sent must fit.
   * @throws LogStoreError `KEY_NEEDED`, `KEY_NOT_TAKEN`, `KEY_WRONG`
   */
  async #checkKey(
    { bucket, key, encryption, checksumAlgorithm }: CreateUpload,
    parts: readonly OpenPart[],
    { customerKey }: CompleteUploadOptions,
    pin: LogPin,
  ): Promise<void> {
    if (customerKey === undefined) {
      if (encryption?.method !== encryptionMethods.customer) return;
      if (checksumAlgorithm === 0 && !(await this.#haveChecksums(parts, pin))) return;
    }
    this.encryptions.open(encryption, bucket, key, customerKey);
  }

  /** A CRC64NVME may be what was computed unasked. */
  async #haveChecksums(parts: readonly OpenPart[], pin: LogPin): Promise<boolean> {
    for (const part of parts) {
      const { checksum } = await this.#partOf(part, pin);
      if (checksum !== null && algorithmOf(checksum[0]) !== defaultAlgorithm) return true;
    }
    return false;
  }

  async #partOf({ sequence, mutation }: OpenPart, pin: LogPin): Promise<PartRecord> {
    return putPartAt(await this.commits.read(sequence, pin), sequence, mutation).part;
  }

  /** In the turn of the commit: the upload is still open, and its parts are still these. */
  #endsOf(
    bucket: string,
    key: string,
    uploadId: string,
    parts: readonly OpenPart[],
  ): Ends | PendingCommit {
    const blocker = blockerOfEnd(this.catalog, bucket, uploadId);
    if (blocker !== undefined) return blocker;
    const upload = openUpload(this.catalog, bucket, key, uploadId);
    const kept = new Set<number>();
    for (const { number, version } of parts) {
      if (findPart(this.catalog.state, upload.version, number)?.version !== version) {
        throw invalidPart(number, 'was replaced meanwhile');
      }
      kept.add(number);
    }
    return endsOfUpload(this.catalog.state, upload, kept);
  }

  /** Completing again gives the same answer, as the first one may not have arrived. */
  async #completedBefore(
    bucket: string,
    key: string,
    uploadId: string,
    refusal: LogStoreError,
  ): Promise<ObjectInfo> {
    const uploadVersion = uploadVersionOf(uploadId);
    try {
      const { info, record } = await this.objects.find(bucket, key);
      if (uploadVersion !== undefined && record.uploadVersion === uploadVersion) return info;
    } catch (error) {
      if (!isLogStoreError(error, 'NO_SUCH_KEY')) throw error;
    }
    throw refusal;
  }

  #listedPart(upload: OpenUpload, listed: CompletedPart): OpenPart {
    const part = findPart(this.catalog.state, upload.version, listed.number);
    if (part === undefined) throw invalidPart(listed.number, 'is not there');
    if (etagText(part.md5, 0) !== listed.etag) throw invalidPart(listed.number, 'has another ETag');
    return part;
  }

  /** The object's checksum, where the upload has one; and all that the client says of checksums. */
  async #checksums(
    upload: OpenUpload,
    parts: readonly OpenPart[],
    listed: readonly CompletedPart[],
    options: CompleteUploadOptions,
    pin: LogPin,
  ): Promise<ChecksumField[]> {
    const stated = algorithmOf(upload.checksumAlgorithm);
    const found = stated === undefined ? await this.#partChecksums(parts, listed, pin) : [];
    // Whatever each part has by default, the object has as well.
    const isDefault =
      found.length > 0 && found.every((checksum) => checksum?.algorithm === defaultAlgorithm);
    const algorithm = isDefault ? defaultAlgorithm : stated;
    const type = isDefault ? 'FULL_OBJECT' : typeOf(upload.checksumType);
    const { checksum: expected, checksumType } = options;
    if (expected !== undefined && expected.algorithm !== algorithm) {
      const [ours, theirs] = [algorithm, expected.algorithm].map((name) => name?.toLowerCase());
      throw new LogStoreError(
        'INVALID_ARGUMENT',
        'Checksum Type mismatch occurred, ' +
          `expected checksum Type: ${ours ?? 'null'}, actual checksum Type: ${theirs}`,
      );
    }
    if (checksumType !== undefined && stated !== undefined && checksumType !== type) {
      throw new LogStoreError(
        'INVALID_ARGUMENT',
        `The upload was created using the ${type} checksum mode. ` +
          'The complete request must use the same checksum mode.',
      );
    }
    if (algorithm === undefined) return [];
    const ofParts = isDefault ? found : await this.#partChecksums(parts, listed, pin);
    const whole = { algorithm, type, value: wholeChecksum(algorithm, type, parts, ofParts) };
    if (expected !== undefined && Buffer.compare(expected.value, whole.value) !== 0) {
      const message = `The ${algorithm} you specified did not match the calculated checksum.`;
      throw new LogStoreError('CHECKSUM_MISMATCH', message);
    }
    return [checksumField(whole)];
  }

  async #partChecksums(
    parts: readonly OpenPart[],
    listed: readonly CompletedPart[],
    pin: LogPin,
  ): Promise<(Checksum | undefined)[]> {
    const checksums: (Checksum | undefined)[] = [];
    for (const [index, open] of parts.entries()) {
      const { number } = open;
      const part = await this.#partOf(open, pin);
      const checksum = part.checksum === null ? undefined : checksumOf(part.checksum);
      const sent = listed[index]?.checksum;
      const isSame =
        sent === undefined ||
        (sent.algorithm === checksum?.algorithm &&
          Buffer.compare(sent.value, checksum.value) === 0);
      if (sent !== undefined && sent.algorithm !== checksum?.algorithm)
        throw new LogStoreError(
          'CHECKSUM_MISMATCH',
          `The ${sent.algorithm.toLowerCase()} you specified for part ${number} did not match ` +
            'what we received.',
        );
      if (!isSame) throw invalidPart(number, 'has another checksum');
      checksums.push(checksum);
    }
    return checksums;
  }
}

/** S3's own, of what comes without a checksum. */
const defaultAlgorithm = 'CRC64NVME';

function wholeChecksum(
  algorithm: Checksum['algorithm'],
  type: Checksum['type'],
  parts: readonly OpenPart[],
  ofParts: readonly (Checksum | undefined)[],
): Uint8Array {
  const values = parts.map(({ number, sizeBytes }, index) => {
    const checksum = ofParts[index];
    if (checksum?.algorithm !== algorithm) throw invalidPart(number, `has no ${algorithm}`);
    return { checksum: checksum.value, sizeBytes };
  });
  if (type === 'COMPOSITE' && algorithm !== 'CRC64NVME') {
    return compositeChecksum(
      algorithm,
      values.map(({ checksum }) => checksum),
    );
  }
  if (algorithm === 'SHA1' || algorithm === 'SHA256') {
    throw new LogStoreError('RECORD_CORRUPT', `no upload has a ${algorithm} of the full object`);
  }
  return fullObjectChecksum(algorithm, values);
}

function checkOrder(parts: readonly CompletedPart[]): void {
  if (parts.length === 0) throw new LogStoreError('INVALID_ARGUMENT', 'no parts are listed');
  let before = 0;
  for (const { number } of parts) {
    checkPartNumber(number);
    if (number <= before) {
      throw new LogStoreError('INVALID_PART_ORDER', 'part numbers are not in ascending order');
    }
    before = number;
  }
}

function sizeOf(parts: readonly OpenPart[], expectedBytes: number | undefined): number {
  let sumBytes = 0;
  for (const [index, { number, sizeBytes }] of parts.entries()) {
    if (sizeBytes < limits.partBytesMin && index < parts.length - 1) {
      const least = `all parts but the last have at least ${limits.partBytesMin}`;
      const message = `part ${number} has ${sizeBytes} bytes; ${least}`;
      const tooSmall = new LogStoreError('ENTITY_TOO_SMALL', message);
      tooSmall.part = { number, sizeBytes };
      throw tooSmall;
    }
    sumBytes += sizeBytes;
  }
  if (sumBytes > limits.objectBytesMax) {
    throw new LogStoreError('ENTITY_TOO_LARGE', `an object has at most ${limits.objectBytesMax}`);
  }
  if (expectedBytes !== undefined && expectedBytes !== sumBytes) {
    throw new LogStoreError(
      'INVALID_ARGUMENT',
      `The provided 'x-amz-mp-object-size' header value ${expectedBytes} does not match ` +
        `what was computed: ${sumBytes}`,
    );
  }
  return sumBytes;
}

/** As S3 has it: the MD5 over the parts' MD5s. */
function etagOf(parts: readonly OpenPart[]): Uint8Array {
  return hash('md5', Buffer.concat(parts.map(({ md5 }) => md5)), 'buffer');
}

/** SPEC.md §4, partsRoot. */
function partsRootOf(parts: readonly OpenPart[]): Uint8Array {
  const entries = parts.map(({ sizeBytes, sha256 }) => {
    const entry = Buffer.alloc(8 + sha256.length);
    entry.writeBigUInt64BE(BigInt(sizeBytes));
    entry.set(sha256, 8);
    return entry;
  });
  return treeHash((...pieces) => {
    const running = createHash('sha256');
    for (const piece of pieces) running.update(piece);
    return running.digest();
  }, entries);
}

function invalidPart(number: number, what: string): LogStoreError {
  const error = new LogStoreError('INVALID_PART', `part ${number} ${what}`);
  error.part = { number };
  return error;
}
