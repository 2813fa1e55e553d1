import { LogStoreError } from '../base/errors.js';
import { invariant } from '../base/invariant.js';
import { limits } from '../base/limits.js';
import type { Catalog } from '../catalog/catalog.js';
import { etagText } from '../catalog/conditions.js';
import { checkKey, checkPartNumber } from '../catalog/keys.js';
import { pageLimit } from '../catalog/listing.js';
import {
  admitPart,
  blockerOfEnd,
  endsOfUpload,
  type OpenPart,
  type OpenUpload,
  openUpload,
  scanParts,
  uploadIdOf,
} from '../catalog/multipart.js';
import { bucketOf } from '../catalog/objects.js';
import { PendingCommit } from '../catalog/pending.js';
import { checkLockable } from '../catalog/placing.js';
import { listOpenUploads } from '../catalog/upload-listing.js';
import type { DigestPlan } from '../digest/body-digest.js';
import type { PartRecord } from '../format/mutation.js';
import { attributeFields } from './attributes.js';
import type { BodyWriter, WrittenBody } from './body-writer.js';
import {
  algorithmNumber,
  algorithmOf,
  checkAlgorithm,
  checksumField,
  checksumOf,
  typeNumber,
  typeOf,
} from './checksum-numbers.js';
import { type Commits, putPartAt } from './commits.js';
import type { Committer } from './committer.js';
import { checkDigests, digestPlan, keptChecksum } from './expected-digests.js';
import { initialState } from './object-state.js';
import type {
  BodyOptions,
  BodySource,
  CreateUploadOptions,
  ListPartsPage,
  ListUploadsOptions,
  ListUploadsPage,
  PartInfo,
  UploadInfo,
} from './types.js';

/** The verbs of open multipart uploads; completing one is in upload-completion.ts. */
export class Uploads {
  constructor(
    private readonly catalog: Catalog,
    private readonly committer: Committer,
    private readonly commits: Commits,
    private readonly writer: BodyWriter,
  ) {}

  create(bucket: string, key: string, options: CreateUploadOptions): Promise<UploadInfo> {
    return this.committer.admit(() => {
      checkKey(key);
      const attributes = attributeFields(options);
      const { checksum } = options;
      if (checksum !== undefined) checkChecksumType(checksum);
      const blocker = this.catalog.pending.ofBucket(bucket);
      if (blocker !== undefined) return blocker;
      const inBucket = bucketOf(this.catalog, bucket);
      const { version: bucketVersion } = inBucket;
      const fields = {
        ...{ bucketVersion, ...attributes, salt: this.committer.salt(), flags: 0 },
        ...initialState(options, this.committer.nowUnixMs()),
        checksumAlgorithm: algorithmNumber(checksum?.algorithm),
        checksumType: typeNumber(checksum?.type),
      };
      checkLockable(inBucket, fields.state);
      return this.committer.commit(
        this.committer.nowUnixMs(),
        [{ is: 'createUpload', bucket, key, ...fields }],
        ({ version, timeUnixMs }) => {
          const uploadId = uploadIdOf(version);
          return { bucket, key, uploadId, initiatedUnixMs: timeUnixMs, checksum };
        },
      );
    });
  }

  head(bucket: string, key: string, uploadId: string): UploadInfo {
    return uploadInfo(bucket, key, openUpload(this.catalog, bucket, key, uploadId));
  }

  async putPart(
    bucket: string,
    key: string,
    uploadId: string,
    partNumber: number,
    body: BodySource,
    options: BodyOptions,
  ): Promise<PartInfo> {
    checkPartNumber(partNumber);
    const plan = this.planOfPart(bucket, key, uploadId, options);
    const inlineBytesMax = limits.inlineBodyBytesMax;
    const written = await this.writer.write(body, plan, { signal: options.signal, inlineBytesMax });
    try {
      checkDigests(options, plan, written.digests);
      const check = (): void => written.checkStored();
      return await this.commitPart(bucket, key, uploadId, partNumber, written, plan, check);
    } finally {
      written.release();
    }
  }

  /**
   * What is computed over a part: S3's ETags need its MD5.
   * @throws LogStoreError `NO_SUCH_UPLOAD`; `INVALID_ARGUMENT` for an alien checksum
   */
  planOfPart(bucket: string, key: string, uploadId: string, options: BodyOptions): DigestPlan {
    const upload = openUpload(this.catalog, bucket, key, uploadId);
    const plan = digestPlan({ ...options, md5: true });
    const algorithm = algorithmOf(upload.checksumAlgorithm);
    if (algorithm !== undefined && plan.checksum !== undefined && plan.checksum !== algorithm) {
      throw new LogStoreError('INVALID_ARGUMENT', `the checksums of this upload are ${algorithm}`);
    }
    return { ...plan, checksum: plan.checksum ?? algorithm };
  }

  /** @param check asked in the turn of the commit; a PendingCommit says when to ask again */
  commitPart(
    bucket: string,
    key: string,
    uploadId: string,
    partNumber: number,
    written: Pick<WrittenBody, 'digests' | 'runs' | 'inlineBody'>,
    plan: DigestPlan,
    check?: () => unknown,
  ): Promise<PartInfo> {
    const part = this.#newPart(written, plan);
    return this.committer.admit(() => {
      const checked = check?.();
      if (checked instanceof PendingCommit) return checked;
      const ends = admitPart(this.catalog, bucket, key, uploadId, partNumber);
      if (ends instanceof PendingCommit) return ends;
      const uploadVersion = openUpload(this.catalog, bucket, key, uploadId).version;
      return this.committer.commit(
        this.committer.nowUnixMs(),
        [{ is: 'putPart', bucket, key, uploadVersion, partNumber, ends, part }],
        ({ timeUnixMs }) => partInfo(partNumber, timeUnixMs, part),
        written.inlineBody,
      );
    });
  }

  #newPart({ digests, runs }: Pick<WrittenBody, 'digests' | 'runs'>, plan: DigestPlan): PartRecord {
    const { sizeBytes, md5, sha256 } = digests;
    invariant(md5 !== undefined && sha256 !== undefined, 'every part has MD5 and SHA-256');
    const checksum = keptChecksum(plan, digests);
    const field = checksum === undefined ? null : checksumField(checksum);
    return { sizeBytes, md5, sha256, checksum: field, runs, salt: this.committer.salt() };
  }

  abort(bucket: string, key: string, uploadId: string): Promise<void> {
    return this.committer.admit(() => {
      const blocker = blockerOfEnd(this.catalog, bucket, uploadId);
      if (blocker !== undefined) return blocker;
      const upload = openUpload(this.catalog, bucket, key, uploadId);
      const ends = endsOfUpload(this.catalog.state, upload);
      return this.committer.commit(
        this.committer.nowUnixMs(),
        [{ is: 'abortUpload', bucket, key, uploadVersion: upload.version, ends }],
        () => undefined,
      );
    });
  }

  async listParts(
    bucket: string,
    key: string,
    uploadId: string,
    options: { afterPartNumber?: number | undefined; limit?: number | undefined },
  ): Promise<ListPartsPage> {
    const open = openUpload(this.catalog, bucket, key, uploadId);
    const limit = pageLimit(options.limit);
    const found: OpenPart[] = [];
    scanParts(this.catalog.state, open.version, options.afterPartNumber ?? 0, (part) => {
      found.push(part);
      return found.length <= limit;
    });
    const shown = found.slice(0, limit);
    const parts = await this.#partInfos(shown);
    const truncated = limit > 0 && found.length > limit;
    const nextPartNumberMarker = truncated ? shown.at(-1)?.number : undefined;
    return { upload: uploadInfo(bucket, key, open), parts, truncated, nextPartNumberMarker };
  }

  async #partInfos(found: readonly OpenPart[]): Promise<PartInfo[]> {
    const pin = this.commits.pin();
    try {
      const parts: PartInfo[] = [];
      for (const { number, sequence, mutation, timeUnixMs } of found) {
        const { part } = putPartAt(await this.commits.read(sequence, pin), sequence, mutation);
        parts.push(partInfo(number, timeUnixMs, part));
      }
      return parts;
    } finally {
      pin.release();
    }
  }

  list(bucket: string, options: ListUploadsOptions): ListUploadsPage {
    const page = listOpenUploads(this.catalog, bucket, options);
    return {
      ...page,
      uploads: page.uploads.map((upload) => uploadInfo(bucket, upload.key, upload)),
    };
  }
}

function uploadInfo(bucket: string, key: string, upload: OpenUpload): UploadInfo {
  const algorithm = algorithmOf(upload.checksumAlgorithm);
  const checksum =
    algorithm === undefined ? undefined : { algorithm, type: typeOf(upload.checksumType) };
  const uploadId = uploadIdOf(upload.version);
  return { bucket, key, uploadId, initiatedUnixMs: upload.timeUnixMs, checksum };
}

function partInfo(number: number, modifiedUnixMs: number, part: PartRecord): PartInfo {
  const checksum = part.checksum === null ? undefined : checksumOf(part.checksum);
  const etag = etagText(part.md5, 0);
  return { number, sizeBytes: part.sizeBytes, etag, modifiedUnixMs, checksum };
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html */
function checkChecksumType(checksum: NonNullable<CreateUploadOptions['checksum']>): void {
  const { algorithm, type } = checksum;
  checkAlgorithm(algorithm);
  const isWrong =
    type === 'COMPOSITE'
      ? algorithm === 'CRC64NVME'
      : algorithm === 'SHA1' || algorithm === 'SHA256';
  if (isWrong || (type !== 'COMPOSITE' && type !== 'FULL_OBJECT')) {
    throw new LogStoreError('INVALID_ARGUMENT', `a ${algorithm} of an upload is not ${type}`);
  }
}
