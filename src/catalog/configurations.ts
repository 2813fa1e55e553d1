import { LogStoreError } from '../base/errors.js';
import { limits } from '../base/limits.js';
import {
  type ConfigurationName,
  type ConfigureBucket,
  configurationNames,
  type Mutation,
} from '../format/mutation.js';
import { bucketOf, type Catalog } from './catalog.js';
import { lifecycleRulesOf } from './lifecycle-rules.js';
import { lockRuleOf, lockRuleText } from './lock-rule.js';
import { notificationRulesOf } from './notification-rules.js';
import type { PendingCommit } from './pending.js';
import type { Bucket, Configuration, Versioning } from './state.js';

export const noConfigurations: ReadonlyMap<ConfigurationName, Configuration> = new Map();

/** The values of the configuration `versioning`. */
export const versioningTexts = Object.freeze({ enabled: 'Enabled', suspended: 'Suspended' });

/** What a bucket's configurations say of its versions. */
export function versioningOf(
  configurations: ReadonlyMap<ConfigurationName, Configuration>,
): Versioning {
  // A lock implies versions, whatever else is said.
  if (configurations.has('object-lock')) return 'enabled';
  const value = configurations.get('versioning')?.value;
  if (value === versioningTexts.enabled) return 'enabled';
  return value === versioningTexts.suspended ? 'suspended' : 'off';
}

/**
 * Admission of a change of a bucket's configuration; null removes it.
 * @returns nothing where it is so already
 * @throws LogStoreError `NO_SUCH_BUCKET`, `INVALID_ARGUMENT`, `INVALID_BUCKET_STATE`, `UNCERTAIN`
 */
export function admitConfiguration(
  catalog: Catalog,
  bucketName: string,
  name: ConfigurationName,
  value: string | Uint8Array | null,
): Mutation | PendingCommit | undefined {
  const pending = catalog.pending.ofBucket(bucketName);
  if (pending !== undefined) return pending;
  const bucket = bucketOf(catalog, bucketName);
  if (value !== null) checkDocument(name, value);
  if (name === 'versioning') checkVersioning(bucket, value);
  if (name === 'object-lock') checkLock(bucket, value);
  const had = bucket.configurations.get(name);
  if (had === undefined ? value === null : isSame(had.value, value)) return undefined;
  return configuration(bucket, name, value, had);
}

/** What makes a bucket that is made with object lock so, in the commit of its creation. */
export function lockFromCreation(bucket: string, bucketVersion: number): Mutation[] {
  const common = { is: 'configureBucket', bucket, bucketVersion, ends: [] } as const;
  return [
    { ...common, name: 'versioning', value: versioningTexts.enabled },
    { ...common, name: 'object-lock', value: lockRuleText(undefined) },
  ];
}

/** What a bucket is made with, in the commit of its creation. @throws LogStoreError */
export function fromCreation(
  bucket: string,
  bucketVersion: number,
  values: Readonly<Partial<Record<ConfigurationName, string>>>,
): Mutation[] {
  const mutations: Mutation[] = [];
  for (const name of configurationNames) {
    const value = values[name];
    if (value === undefined) continue;
    checkDocument(name, value);
    if (name === 'versioning') checkVersioning({ configurations: noConfigurations }, value);
    if (name === 'object-lock')
      throw new LogStoreError('INVALID_ARGUMENT', 'it has its own option');
    mutations.push({ is: 'configureBucket', bucket, bucketVersion, name, value, ends: [] });
  }
  return mutations;
}

function configuration(
  bucket: Bucket,
  name: ConfigurationName,
  value: string | Uint8Array | null,
  had: Configuration | undefined,
): ConfigureBucket {
  const ends = had === undefined ? [] : [had.sequence, had.mutation, had.version];
  const { name: bucketName, version: bucketVersion } = bucket;
  return { is: 'configureBucket', bucket: bucketName, bucketVersion, name, value, ends };
}

function checkDocument(name: ConfigurationName, value: string | Uint8Array): void {
  checkValue(value);
  if (name === 'notification') notificationRulesOf(String(value));
  if (name === 'lifecycle') lifecycleRulesOf(String(value));
}

function checkValue(value: string | Uint8Array): void {
  const isDocument = typeof value === 'string' || value instanceof Uint8Array;
  const sizeBytes = isDocument ? Buffer.byteLength(value) : 0;
  if (isDocument && sizeBytes > 0 && sizeBytes <= limits.configurationBytesMax) return;
  const range = `text or bytes, 1 to ${limits.configurationBytesMax}`;
  throw new LogStoreError('INVALID_ARGUMENT', `the configuration of a bucket is ${range}`);
}

/** Versioning that was on can be suspended, never taken back: versions are there. */
function checkVersioning(
  bucket: Pick<Bucket, 'configurations'>,
  value: string | Uint8Array | null,
): void {
  const { enabled, suspended } = versioningTexts;
  if (value !== enabled && value !== suspended) {
    const texts = `'${enabled}' or '${suspended}'`;
    throw new LogStoreError('INVALID_ARGUMENT', `versioning is ${texts}`);
  }
  if (value === suspended && bucket.configurations.has('object-lock')) {
    throw new LogStoreError(
      'INVALID_BUCKET_STATE',
      'An Object Lock configuration is present on this bucket, so the versioning state cannot be ' +
        'changed.',
    );
  }
}

/** A lock comes to a bucket with versions, and stays. */
function checkLock(bucket: Bucket, value: string | Uint8Array | null): void {
  if (typeof value !== 'string') {
    throw new LogStoreError('INVALID_ARGUMENT', 'object lock stays once it is enabled');
  }
  lockRuleOf(value);
  if (bucket.versioning === 'enabled') return;
  throw new LogStoreError('INVALID_BUCKET_STATE', 'object lock needs versioning to be enabled');
}

function isSame(a: string | Uint8Array, b: string | Uint8Array | null): boolean {
  if (typeof a === 'string' || typeof b === 'string' || b === null) return a === b;
  return Buffer.compare(a, b) === 0;
}
