import { Packr } from 'msgpackr';
import { errnoOf } from '../base/errors.js';
import type { Host } from '../base/host.js';
import { Catalog } from '../catalog/catalog.js';
import { noConfigurations, versioningOf } from '../catalog/configurations.js';
import { applyCommit } from '../catalog/fold.js';
import { accessId, type Bucket, type CatalogState, type Configuration } from '../catalog/state.js';
import { decodeCommitMeta } from '../format/commit.js';
import { snapshotFile } from '../format/file-names.js';
import { accessKinds, type ConfigurationName, configurationNames } from '../format/mutation.js';
import { readSnapshot, writeSnapshot } from '../index/snapshot.js';
import { openLog } from '../log/open-log.js';
import type { Log, LogPosition, OpenLogOptions } from '../log/types.js';

type SnapshotPosition = LogPosition & { readonly storeId: Uint8Array };

const packr = new Packr({ useRecords: false });

/**
 * Opens the log and folds it: from the snapshot on, where that fits the log, else from the start.
 * @throws LogStoreError as openLog does; `UNSUPPORTED_VERSION` for a mutation of a later format
 */
export async function openCatalog(
  host: Host,
  options: OpenLogOptions,
): Promise<{ catalog: Catalog; log: Log }> {
  const snapshot = await readCatalogSnapshot(host);
  const catalog = new Catalog();
  const log = await openLog(
    host,
    {
      ...options,
      snapshot: snapshot?.position,
      use: (fits) => {
        if (fits && snapshot !== undefined) catalog.state = snapshot.state;
      },
    },
    {
      commit: (sequence, meta) => applyCommit(catalog.state, decodeCommitMeta(meta), sequence),
      lost: (sequence, subject) => catalog.lost.add(sequence, subject),
    },
  );
  return { catalog, log };
}

/** Only of a state that is exactly what lies below `position`. */
export async function writeCatalogSnapshot(
  host: Host,
  { state }: Catalog,
  storeId: Uint8Array,
  { sequence, ...position }: LogPosition,
): Promise<void> {
  const { objects, uploads, parts, states } = state;
  await writeSnapshot(host.disk, snapshotFile, {
    position: { ...position, storeId, sequenceNext: sequence },
    indexes: { objects, uploads, parts, states },
    extra: encodeExtra(state),
  });
}

/** A sector of it that the disk cannot read is damage like any other. */
async function readOrNothing(host: Host) {
  try {
    return await readSnapshot(host.disk, snapshotFile);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}

/** Undefined for one that is missing, damaged or of an older version: it only saves time. */
async function readCatalogSnapshot(
  host: Host,
): Promise<{ position: SnapshotPosition; state: CatalogState } | undefined> {
  const read = await readOrNothing(host);
  if (read?.is !== 'snapshot' || !read.isCurrent) return undefined;
  const { objects, uploads, parts, states } = read.indexes;
  const extra = decodeExtra(read.extra);
  if (!objects || !uploads || !parts || !states || extra === undefined) return undefined;
  const { sequenceNext, ...place } = read.position;
  const position = { ...place, sequence: sequenceNext };
  return { position, state: { objects, uploads, parts, states, ...extra } };
}

/** SPEC.md §9, the extra section: what of the state is in no index. */
function encodeExtra({ buckets, someExpire, access }: CatalogState): Uint8Array {
  const all = [...buckets.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const rows = all.map((bucket) => [
    ...[bucket.name, bucket.version, bucket.timeUnixMs, bucket.owner, bucket.region],
    ...[bucket.flags, bucket.sequence, bucket.mutation, configurationRows(bucket)],
  ]);
  const documents = [...access.values()].map((each) => [
    ...[each.kind, each.name, each.value, each.version, each.timeUnixMs],
    ...[each.sequence, each.mutation],
  ]);
  return packr.pack([rows, someExpire, documents]);
}

function configurationRows({ configurations }: Bucket): unknown[] {
  return [...configurations].map(([name, { value, version, timeUnixMs, sequence, mutation }]) => {
    return [name, value, version, timeUnixMs, sequence, mutation];
  });
}

/** Undefined for what a later version may have written there. */
function decodeExtra(
  extra: Uint8Array,
): Pick<CatalogState, 'buckets' | 'someExpire' | 'access'> | undefined {
  const fields: unknown = packr.unpack(extra);
  if (!Array.isArray(fields)) return undefined;
  const [rows, someExpire, documents] = fields as unknown[];
  if (!Array.isArray(rows) || typeof someExpire !== 'boolean') return undefined;
  const buckets = new Map<string, Bucket>();
  for (const row of rows as unknown[]) {
    const bucket = bucketOfRow(row);
    if (bucket === undefined) return undefined;
    buckets.set(bucket.name, bucket);
  }
  const access = accessOfRows(documents);
  return access === undefined ? undefined : { buckets, someExpire, access };
}

function bucketOfRow(row: unknown): Bucket | undefined {
  if (!Array.isArray(row)) return undefined;
  const [name, version, timeUnixMs, owner, region, flags, sequence, mutation] = row as unknown[];
  const configurations = configurationsOfRows(row[8]);
  if (configurations === undefined) return undefined;
  if (typeof name !== 'string' || typeof version !== 'number') return undefined;
  if (typeof timeUnixMs !== 'number' || typeof flags !== 'number') return undefined;
  if (typeof sequence !== 'number' || typeof mutation !== 'number') return undefined;
  if (!isTextOrNull(owner) || !isTextOrNull(region)) return undefined;
  const versioning = versioningOf(configurations);
  return {
    ...{ name, version, timeUnixMs, owner, region, flags, sequence, mutation },
    ...{ configurations, versioning },
  };
}

function configurationsOfRows(rows: unknown): Bucket['configurations'] | undefined {
  if (!Array.isArray(rows)) return undefined;
  if (rows.length === 0) return noConfigurations;
  const configurations = new Map<ConfigurationName, Configuration>();
  for (const row of rows as unknown[]) {
    if (!Array.isArray(row)) return undefined;
    const [given, value, version, timeUnixMs, sequence, mutation] = row as unknown[];
    const name = configurationNames.find((each) => each === given);
    const isDocument = typeof value === 'string' || value instanceof Uint8Array;
    if (name === undefined || !isDocument) return undefined;
    if (typeof version !== 'number' || typeof timeUnixMs !== 'number') return undefined;
    if (typeof sequence !== 'number' || typeof mutation !== 'number') return undefined;
    configurations.set(name, { value, version, timeUnixMs, sequence, mutation });
  }
  return configurations;
}

function accessOfRows(rows: unknown): CatalogState['access'] | undefined {
  if (!Array.isArray(rows)) return undefined;
  const access: CatalogState['access'] = new Map();
  for (const row of rows as unknown[]) {
    if (!Array.isArray(row)) return undefined;
    const [given, name, value, version, timeUnixMs, sequence, mutation] = row as unknown[];
    const kind = accessKinds.find((each) => each === given);
    if (kind === undefined || typeof name !== 'string' || typeof value !== 'string') {
      return undefined;
    }
    if (typeof version !== 'number' || typeof timeUnixMs !== 'number') return undefined;
    if (typeof sequence !== 'number' || typeof mutation !== 'number') return undefined;
    const document = { kind, name, value, version, timeUnixMs, sequence, mutation };
    access.set(accessId(kind, name), document);
  }
  return access;
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}
