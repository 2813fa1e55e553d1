import { LogStoreError } from '../base/errors.js';
import { invariant } from '../base/invariant.js';
import { limits } from '../base/limits.js';
import { bucketOf, type Catalog } from '../catalog/catalog.js';
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
import { PendingCommit } from '../catalog/pending.js';
import { checkLockable } from '../catalog/placing.js';
import { listOpenUploads } from '../catalog/upload-listing.js';
import type { DigestPlan } from '../digest/body-digest.js';
import { partKey, sealedEtag } from '../encryption/frame.js';
import {
  algorithmNumber,
  algorithmOf,
  checkAlgorithm,
  checksumField,
  checksumOf,
  typeNumber,
  typeOf,
} from '../format/checksum-numbers.js';
import type { PartRecord } from '../format/mutation.js';
import type { UploadPeople } from './access-types.js';
import { attributeFields } from './attributes.js';
import type { BodyWriter, WrittenBody } from './body-writer.js';
import { type Commits, createUploadAt, putPartAt } from './commits.js';
import type { Committer } from './committer.js';
import type { CustomerKeyOptions, EncryptedBy } from './encryption-types.js';
import type { Encryptions } from './encryptions.js';
import { checkDigests, digestPlan, keptChecksum } from './expected-digests.js';
import { encryptedBy } from './object-info.js';
import { initialState } from './object-state.js';
import type {
  BodySource,
  CreateUploadOptions,
  ListPartsPage,
  ListUploadsOptions,
  ListUploadsPage,
  PartInfo,
  PutPartOptions,
  UploadInfo,
} from './types.js';

/** What a part's record says of its body, and what the body lies under. */
export interface PartSeal {
  readonly salt: Uint8Array;
  readonly key: Uint8Array | undefined;
  readonly by: EncryptedBy | undefined;
}

/** A part whose body is written. */
export interface NewPart {
  readonly written: Pick<WrittenBody, 'digests' | 'runs' | 'inlineBody'>;
  readonly plan: DigestPlan;
  readonly seal: PartSeal;
}

/** The verbs of open multipart uploads; completing one is in upload-completion.ts. */
export class Uploads {
  constructor(
    private readonly catalog: Catalog,
    private readonly committer: Committer,
    private readonly commits: Commits,
    private readonly writer: BodyWriter,
    private readonly encryptions: Encryptions,
  ) {}

  async create(bucket: string, key: string, options: CreateUploadOptions): Promise<UploadInfo> {
    checkKey(key);
    const wanted = this.encryptions.wanted(bucket, options.encryption);
    const seal =
      wanted === undefined ? undefined : await this.encryptions.seal(bucket, key, wanted);
    return this.committer.admit(() => {
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
        ...(seal === undefined ? {} : { encryption: seal.field }),
        initiator: options.initiator,
      };
      checkLockable(inBucket, fields.state);
      return this.committer.commit(
        this.committer.nowUnixMs(),
        [{ is: 'createUpload', bucket, key, ...fields }],
        ({ version, timeUnixMs }) => {
          const uploadId = uploadIdOf(version);
          const info = { bucket, key, uploadId, initiatedUnixMs: timeUnixMs, checksum };
          return { ...info, encryptedBy: encryptedBy(seal?.field) };
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
    options: PutPartOptions,
  ): Promise<PartInfo> {
    checkPartNumber(partNumber);
    const plan = this.planOfPart(bucket, key, uploadId, options);
    const seal = await this.sealOfPart(bucket, key, uploadId, partNumber, options);
    const inlineBytesMax = limits.inlineBodyBytesMax;
    const { signal } = options;
    const written = await this.writer.write(body, plan, { signal, inlineBytesMax, key: seal.key });
    try {
      checkDigests(options, plan, written.digests);
      const check = (): void => written.checkStored();
      return await this.commitPart(
        bucket,
        key,
        uploadId,
        partNumber,
        { written, plan, seal },
        check,
      );
    } finally {
      written.release();
    }
  }

  /**
   * What a new part is sealed with: as its upload says.
   * @throws LogStoreError `KEY_NEEDED`, `KEY_NOT_TAKEN`, `KEY_WRONG`, `KEY_REFUSED`, `NO_STORE_KEY`
   */
  async sealOfPart(
    bucket: string,
    key: string,
    uploadId: string,
    partNumber: number,
    { customerKey }: CustomerKeyOptions,
  ): Promise<PartSeal> {
    if (customerKey !== undefined) this.encryptions.checkCustomerKeys(bucket);
    const salt = this.committer.salt();
    const { sequence, mutation } = openUpload(this.catalog, bucket, key, uploadId);
    const pin = this.commits.pin();
    try {
      const stored = await this.commits.read(sequence, pin);
      const { encryption } = createUploadAt(stored, sequence, mutation);
      const uploadKey = this.encryptions.open(encryption, bucket, key, customerKey);
      if (uploadKey === undefined) return { salt, key: undefined, by: undefined };
      return { salt, key: partKey(uploadKey, salt, partNumber), by: encryptedBy(encryption) };
    } finally {
      pin.release();
    }
  }

  async people(bucket: string, key: string, uploadId: string): Promise<UploadPeople> {
    const { sequence, mutation } = openUpload(this.catalog, bucket, key, uploadId);
    const pin = this.commits.pin();
    try {
      const created = createUploadAt(await this.commits.read(sequence, pin), sequence, mutation);
      return { acl: created.state?.acl ?? null, initiator: created.initiator };
    } finally {
      pin.release();
    }
  }

  /**
   * What is computed over a part: S3's ETags need its MD5.
   * @throws LogStoreError `NO_SUCH_UPLOAD`; `INVALID_ARGUMENT` for an alien checksum
   */
  planOfPart(
    bucket: string,
    key: string,
    uploadId: string,
    options: Omit<PutPartOptions, 'customerKey'>,
  ): DigestPlan {
    const upload = openUpload(this.catalog, bucket, key, uploadId);
    const plan = digestPlan({ ...options, md5: true });
    const algorithm = algorithmOf(upload.checksumAlgorithm);
    if (algorithm !== undefined && plan.checksum !== undefined && plan.checksum !== algorithm) {
      throw new LogStoreError('INVALID_ARGUMENT', `the checksums of this upload are ${algorithm}`);
    }
    return { ...plan, checksum: plan.checksum ?? algorithm ?? options.defaultChecksum };
  }

  /** @param check asked in the turn of the commit; a PendingCommit says when to ask again */
  commitPart(
    bucket: string,
    key: string,
    uploadId: string,
    partNumber: number,
    { written, plan, seal }: NewPart,
    check?: () => unknown,
  ): Promise<PartInfo> {
    const part = partOf(written, plan, seal);
    return this.committer.admit(() => {
      const checked = check?.();
      if (checked instanceof PendingCommit) return checked;
      const ends = admitPart(this.catalog, bucket, key, uploadId, partNumber);
      if (ends instanceof PendingCommit) return ends;
      const uploadVersion = openUpload(this.catalog, bucket, key, uploadId).version;
      return this.committer.commit(
        this.committer.nowUnixMs(),
        [{ is: 'putPart', bucket, key, uploadVersion, partNumber, ends, part }],
        ({ timeUnixMs }) => ({ ...partInfo(partNumber, timeUnixMs, part), encryptedBy: seal.by }),
        written.inlineBody,
      );
    });
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

function partOf(
  { digests, runs }: NewPart['written'],
  plan: DigestPlan,
  seal: PartSeal,
): PartRecord {
  const { sizeBytes, sha256 } = digests;
  invariant(digests.md5 !== undefined && sha256 !== undefined, 'every part has MD5 and SHA-256');
  const { salt, key, by } = seal;
  const md5 = key !== undefined && by === 'customer' ? sealedEtag(key, sha256) : digests.md5;
  const checksum = keptChecksum(plan, digests);
  const field = checksum === undefined ? null : checksumField(checksum);
  const part = { sizeBytes, md5, sha256, checksum: field, runs, salt };
  return key === undefined ? part : { ...part, isSealed: true };
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
