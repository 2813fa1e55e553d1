import { LogStoreError } from '../base/errors.js';
import { limits } from '../base/limits.js';
import type { Catalog } from '../catalog/catalog.js';
import { checkSource } from '../catalog/conditions.js';
import { checkPartNumber } from '../catalog/keys.js';
import { currentSlot } from '../catalog/objects.js';
import type { PendingCommit } from '../catalog/pending.js';
import { type DigestPlan, digestNow } from '../digest/body-digest.js';
import {
  algorithmNumber,
  algorithmOf,
  checkAlgorithm,
  checksumField,
} from '../format/checksum-numbers.js';
import { versionKey } from '../format/key-encoding.js';
import type { Ends, ObjectRecord } from '../format/mutation.js';
import type { LogPin } from '../log/types.js';
import { equalHashes } from '../merkle/rfc6962.js';
import { attributeFields, withWebsiteRedirect } from './attributes.js';
import { type BodyReader, bodyOf, isInline, type StoredBody } from './body-reader.js';
import { type BodyWriter, type InlineBody, summedUp, type WrittenBody } from './body-writer.js';
import type { Committer } from './committer.js';
import type { Encryptions } from './encryptions.js';
import { keptChecksum, shaAlone } from './expected-digests.js';
import type { FoundObject } from './found-object.js';
import { checkRange } from './object-reader.js';
import { initialState, tagsOfFields } from './object-state.js';
import type { ByteRange } from './object-types.js';
import type { Objects } from './objects.js';
import type {
  CopiedObject,
  CopiedPart,
  CopyOptions,
  CopyPartOptions,
  CopySource,
  ReadCondition,
} from './types.js';
import type { Uploads } from './uploads.js';
import type { InitialState } from './version-options.js';

type PartSource = CopySource & { readonly range?: ByteRange | undefined };

const noEnds: Ends = Object.freeze([]);

/** The content of a copy as its record tells of it. */
type CopiedContent = Pick<WrittenBody, 'inlineBody' | 'checkStored' | 'release'> & {
  readonly record: ObjectRecord;
};

const nothing = (): void => {};

function tooLargeToRewrite(): LogStoreError {
  const most = `at most ${limits.putBytesMax} bytes`;
  return new LogStoreError('ENTITY_TOO_LARGE', `a copy that changes the encryption has ${most}`);
}

/** Thrown inside an attempt whose source is not what was read of it any more. */
class SourceChanged extends Error {
  override readonly name = 'SourceChanged';
}

/** Copies share the stored bytes of their source; only inline bodies are written again. */
export class Copies {
  constructor(
    private readonly catalog: Catalog,
    private readonly committer: Committer,
    private readonly objects: Objects,
    private readonly uploads: Uploads,
    private readonly writer: BodyWriter,
    private readonly reader: BodyReader,
    private readonly encryptions: Encryptions,
  ) {}

  copy(
    source: CopySource,
    bucket: string,
    key: string,
    options: CopyOptions,
  ): Promise<CopiedObject> {
    const { attributes, checksumAlgorithm } = options;
    if (checksumAlgorithm !== undefined) checkAlgorithm(checksumAlgorithm);
    return this.#ofUnchanged(source, options.sourceCondition, async (found, pin) => {
      const content = await this.#contentOfCopy(source, found, bucket, key, options, pin);
      try {
        const { state: _, ...described } = content.record;
        const own = withWebsiteRedirect(described.headers, options.websiteRedirect);
        const copied: ObjectRecord = {
          ...{
            ...described,
            headers: own,
            salt: this.committer.salt(),
            uploadVersion: 0,
            flags: 0,
          },
          ...initialState(await this.#stateOfCopy(found, options, pin), this.committer.nowUnixMs()),
        };
        const origin = 'copy' as const;
        const { headers, metadata, ttlMs } = attributeFields(attributes ?? {});
        const object =
          attributes === undefined
            ? { record: copied, ttlMs: 0, origin }
            : { record: { ...copied, headers, metadata, expiresUnixMs: 0 }, ttlMs, origin };
        const { inlineBody } = content;
        const info = await this.objects.commitPut(bucket, key, object, options, inlineBody, () => {
          content.checkStored();
          return this.#checkUnchanged(found, source);
        });
        return { ...info, sourceVersionId: found.info.versionId };
      } finally {
        content.release();
      }
    });
  }

  /** The source's bytes where they lie, under a key wrapped anew if any; or written again. */
  async #contentOfCopy(
    source: CopySource,
    found: FoundObject,
    bucket: string,
    key: string,
    { encryption, checksumAlgorithm }: CopyOptions,
    pin: LogPin,
  ): Promise<CopiedContent> {
    const { record, stored, sequence } = found;
    const sourceKey = this.objects.keyOf(found, source.customerKey);
    const wanted = this.encryptions.wanted(bucket, encryption);
    const body = bodyOf(record, sequence, stored, sourceKey);
    if ((sourceKey === undefined) !== (wanted === undefined)) {
      return await this.#rewritten(
        found,
        body,
        bucket,
        key,
        { encryption, checksumAlgorithm },
        pin,
      );
    }
    const checksums = await this.#checksums(record, body, checksumAlgorithm, pin);
    const inlineBody = isInline(body) ? await this.#inlineOf(body, record, pin) : undefined;
    const shared = { inlineBody, checkStored: nothing, release: nothing };
    const { encryption: _, ...plain } = record;
    if (wanted === undefined) return { record: { ...plain, checksums }, ...shared };
    const seal = await this.encryptions.seal(bucket, key, wanted, sourceKey);
    return { record: { ...plain, checksums, encryption: seal.field }, ...shared };
  }

  /** As it lies. It may have lain in memory for long: it is what its record says, or not copied. */
  async #inlineOf(body: StoredBody, { sha256 }: ObjectRecord, pin: LogPin): Promise<InlineBody> {
    const copied = summedUp(body.inlineBody);
    for await (const plain of this.reader.read(body, 0, body.sizeBytes, pin)) {
      const found = digestNow(plain, shaAlone).sha256;
      if (sha256 !== null && found !== undefined && equalHashes(found, sha256)) return copied;
    }
    throw new LogStoreError('RECORD_CORRUPT', 'the source in memory is not what was stored');
  }

  /** What is to be encrypted, or no longer, is read and written again, in one piece. */
  async #rewritten(
    { record }: FoundObject,
    body: StoredBody,
    bucket: string,
    key: string,
    { encryption, checksumAlgorithm }: CopyOptions,
    pin: LogPin,
  ): Promise<CopiedContent> {
    if (record.sizeBytes > limits.putBytesMax) throw tooLargeToRewrite();
    const seal = await this.objects.sealOf(bucket, key, { encryption });
    const checksum = checksumAlgorithm ?? algorithmOf(record.checksums[0]?.[0] ?? 0);
    const plan = { md5: true, sha256: true, checksum };
    const bytes = this.reader.read(body, 0, body.sizeBytes, pin);
    const inlineBytesMax = limits.inlineBodyBytesMax;
    const written = await this.writer.write(bytes, plan, { inlineBytesMax, key: seal?.key });
    const fresh = this.objects.newRecord(written, attributeFields({}), plan, {}, seal);
    const { headers, metadata, expiresUnixMs } = record;
    const described = { ...fresh.record, headers, metadata, expiresUnixMs };
    return { ...written, record: described };
  }

  async copyPart(
    source: PartSource,
    bucket: string,
    key: string,
    uploadId: string,
    partNumber: number,
    { sourceCondition, customerKey, defaultChecksum }: CopyPartOptions,
  ): Promise<CopiedPart> {
    checkPartNumber(partNumber);
    const plan = this.uploads.planOfPart(bucket, key, uploadId, { defaultChecksum });
    return await this.#ofUnchanged(source, sourceCondition, async (found, pin) => {
      const range = source.range ?? { startBytes: 0, endBytes: found.record.sizeBytes };
      if (source.range !== undefined) checkRange(range, found.record.sizeBytes);
      if (range.endBytes - range.startBytes > limits.putBytesMax) {
        throw new LogStoreError(
          'ENTITY_TOO_LARGE',
          `a part has at most ${limits.putBytesMax} bytes`,
        );
      }
      const sourceKey = this.objects.keyOf(found, source.customerKey);
      const body = bodyOf(found.record, found.sequence, found.stored, sourceKey);
      const how = { customerKey };
      const seal = await this.uploads.sealOfPart(bucket, key, uploadId, partNumber, how);
      const written = await this.#copyOfRange(body, range, plan, seal.key, pin);
      try {
        const check = () => {
          written.checkStored();
          return this.#checkUnchanged(found, source);
        };
        const part = { written, plan, seal };
        const copied = await this.uploads.commitPart(
          ...([bucket, key, uploadId, partNumber, part, check] as const),
        );
        return { ...copied, sourceVersionId: found.info.versionId };
      } finally {
        written.release();
      }
    });
  }

  /** The bytes are read once, for their digests; written again only if they are sealed. */
  async #copyOfRange(
    body: StoredBody,
    { startBytes, endBytes }: ByteRange,
    plan: DigestPlan,
    key: Uint8Array | undefined,
    pin: LogPin,
  ): Promise<WrittenBody> {
    const isSmall = endBytes - startBytes <= limits.inlineBodyBytesMax;
    const read = this.reader.read(body, startBytes, endBytes, pin);
    if (isSmall || key !== undefined || body.key !== undefined) {
      const inlineBytesMax = limits.inlineBodyBytesMax;
      return await this.writer.write(read, plan, { inlineBytesMax, key });
    }
    const digests = await this.writer.digest(read, plan);
    const runs: number[] = [];
    for await (const some of this.reader.runsOf(body, startBytes, endBytes, pin)) {
      runs.push(...some);
    }
    return { digests, runs, inlineBody: undefined, checkStored: nothing, release: nothing };
  }

  /** Looks again at a source that changed under a copy, unless the copy is of one version alone. */
  async #ofUnchanged<T>(
    source: CopySource,
    condition: ReadCondition | undefined,
    copy: (found: FoundObject, pin: LogPin) => Promise<T>,
  ): Promise<T> {
    for (;;) {
      const pin = this.reader.pin();
      try {
        const { bucket, key, versionId } = source;
        const found = await this.objects.find(bucket, key, versionId, pin);
        const { version, etag, modifiedUnixMs } = found.info;
        if (source.version !== undefined && source.version !== version) {
          throw new LogStoreError('PRECONDITION_FAILED', 'the source has another version by now');
        }
        if (condition !== undefined) checkSource(condition, etag, modifiedUnixMs);
        return await copy(found, pin);
      } catch (error) {
        if (!(error instanceof SourceChanged)) throw error;
      } finally {
        pin.release();
      }
    }
  }

  /** In the turn of the commit: nothing may own the source's bytes any more if it has gone. */
  #checkUnchanged({ info }: FoundObject, { versionId }: CopySource): Ends | PendingCommit {
    const { bucket, key, version } = info;
    const pending = this.catalog.pending.ofObject(bucket, key);
    if (pending !== undefined) return pending.commit;
    if (versionId !== undefined) {
      const { objects } = this.catalog.state;
      if (objects.find(versionKey(bucket, key, version)) < 0) throw new SourceChanged();
      return noEnds;
    }
    const slot = currentSlot(this.catalog, bucket, key, this.committer.nowUnixMs());
    if (this.catalog.state.objects.versionAt(slot) !== version) throw new SourceChanged();
    return noEnds;
  }

  /** The copy's own tags or the source's, and its own lock and grants. */
  async #stateOfCopy(
    found: FoundObject,
    { tags, lock, acl }: CopyOptions,
    pin: LogPin,
  ): Promise<InitialState> {
    if (tags !== undefined || found.info.tagCount === 0) return { tags, lock, acl };
    const state = await this.objects.stateOf(found, pin);
    return { tags: tagsOfFields(state.tags), lock, acl };
  }

  async #checksums(
    record: ObjectRecord,
    body: StoredBody,
    algorithm: CopyOptions['checksumAlgorithm'],
    pin: LogPin,
  ): Promise<ObjectRecord['checksums']> {
    const number = algorithmNumber(algorithm);
    if (number === 0 || record.checksums.some(([has]) => has === number)) return record.checksums;
    const plan = { md5: false, sha256: false, checksum: algorithm };
    const digests = await this.writer.digest(this.reader.read(body, 0, body.sizeBytes, pin), plan);
    const checksum = keptChecksum(plan, digests);
    return checksum === undefined ? record.checksums : [checksumField(checksum)];
  }
}
