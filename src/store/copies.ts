import { LogStoreError } from '../base/errors.js';
import { limits } from '../base/limits.js';
import type { Catalog } from '../catalog/catalog.js';
import { checkSource } from '../catalog/conditions.js';
import { checkPartNumber } from '../catalog/keys.js';
import { currentSlot } from '../catalog/objects.js';
import type { PendingCommit } from '../catalog/pending.js';
import type { BodyDigests, DigestPlan } from '../digest/body-digest.js';
import { versionKey } from '../format/key-encoding.js';
import type { Ends, ObjectRecord } from '../format/mutation.js';
import type { LogPin } from '../log/types.js';
import { attributeFields } from './attributes.js';
import { type BodyReader, bodyOf, isInline, type StoredBody } from './body-reader.js';
import { type BodyWriter, inlineBody } from './body-writer.js';
import { algorithmNumber, checkAlgorithm, checksumField } from './checksum-numbers.js';
import type { Committer } from './committer.js';
import { keptChecksum } from './expected-digests.js';
import { checkRange } from './object-reader.js';
import { initialState, tagsOfFields } from './object-state.js';
import type { FoundObject, Objects } from './objects.js';
import type {
  ByteRange,
  CopyOptions,
  CopySource,
  ObjectInfo,
  PartInfo,
  ReadCondition,
} from './types.js';
import type { Uploads } from './uploads.js';
import type { InitialState } from './version-types.js';

type PartSource = CopySource & { readonly range?: ByteRange | undefined };

const noEnds: Ends = Object.freeze([]);

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
  ) {}

  copy(source: CopySource, bucket: string, key: string, options: CopyOptions): Promise<ObjectInfo> {
    const { attributes, checksumAlgorithm } = options;
    if (checksumAlgorithm !== undefined) checkAlgorithm(checksumAlgorithm);
    return this.#ofUnchanged(source, options.sourceCondition, async (found, pin) => {
      const { record, stored, sequence } = found;
      const body = bodyOf(record, sequence, stored);
      const checksums = await this.#checksums(record, body, checksumAlgorithm, pin);
      const { state: _, ...described } = record;
      const copied: ObjectRecord = {
        ...{ ...described, checksums, salt: this.committer.salt(), uploadVersion: 0, flags: 0 },
        ...initialState(await this.#stateOfCopy(found, options, pin), this.committer.nowUnixMs()),
      };
      const { headers, metadata, ttlMs } = attributeFields(attributes ?? {});
      const object =
        attributes === undefined
          ? { record: copied, ttlMs: 0 }
          : { record: { ...copied, headers, metadata, expiresUnixMs: 0 }, ttlMs };
      const inline = isInline(body) ? stored.inlineBody : undefined;
      return await this.objects.commitPut(bucket, key, object, options, inline, () =>
        this.#checkUnchanged(found, source),
      );
    });
  }

  async copyPart(
    source: PartSource,
    bucket: string,
    key: string,
    uploadId: string,
    partNumber: number,
    sourceCondition: ReadCondition | undefined,
  ): Promise<PartInfo> {
    checkPartNumber(partNumber);
    const plan = this.uploads.planOfPart(bucket, key, uploadId, {});
    return await this.#ofUnchanged(source, sourceCondition, async (found, pin) => {
      const range = source.range ?? { startBytes: 0, endBytes: found.record.sizeBytes };
      if (source.range !== undefined) checkRange(range, found.record.sizeBytes);
      if (range.endBytes - range.startBytes > limits.putBytesMax) {
        throw new LogStoreError(
          'ENTITY_TOO_LARGE',
          `a part has at most ${limits.putBytesMax} bytes`,
        );
      }
      const body = bodyOf(found.record, found.sequence, found.stored);
      const written = await this.#copyOfRange(body, range, plan, pin);
      const check = () => this.#checkUnchanged(found, source);
      return this.uploads.commitPart(bucket, key, uploadId, partNumber, written, plan, check);
    });
  }

  /** The bytes are read once, for their digests. */
  async #copyOfRange(
    body: StoredBody,
    { startBytes, endBytes }: ByteRange,
    plan: DigestPlan,
    pin: LogPin,
  ): Promise<{
    digests: BodyDigests;
    runs: readonly number[];
    inlineBody: Uint8Array | undefined;
  }> {
    if (endBytes - startBytes <= limits.inlineBodyBytesMax) {
      const bytes: Uint8Array[] = [];
      const read = this.reader.read(body, startBytes, endBytes, pin);
      for await (const chunk of read) bytes.push(chunk);
      return inlineBody(Buffer.concat(bytes), plan);
    }
    const read = this.reader.read(body, startBytes, endBytes, pin);
    const digests = await this.writer.digest(read, plan);
    const runs: number[] = [];
    for await (const some of this.reader.runsOf(body, startBytes, endBytes, pin)) {
      runs.push(...some);
    }
    return { digests, runs, inlineBody: undefined };
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
