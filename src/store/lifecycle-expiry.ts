import type { Catalog } from '../catalog/catalog.js';
import { expiryOf } from '../catalog/lifecycle-decision.js';
import type { LifecycleRule } from '../catalog/lifecycle-rules.js';
import { versionSlot } from '../catalog/objects.js';
import { lifecycleOf } from './bucket-lifecycle.js';
import type { ObjectStates } from './object-states.js';
import type { ObjectInfo } from './object-types.js';

/** When an object expires by its bucket's lifecycle, and by which rule. */
export interface LifecycleExpiry {
  readonly atUnixMs: number;
  readonly ruleId: string;
}

/**
 * Undefined for what no rule expires, and for versions that are not the newest; at once where the
 * bucket has no lifecycle. In real days, also where days are shortened.
 */
export function lifecycleExpiry(
  catalog: Catalog,
  states: ObjectStates,
  info: ObjectInfo,
): Promise<LifecycleExpiry | undefined> | undefined {
  const bucket = catalog.state.buckets.get(info.bucket);
  const rules = bucket === undefined ? [] : lifecycleOf(bucket);
  return rules.length === 0 ? undefined : firstExpiry(catalog, states, info, rules);
}

async function firstExpiry(
  catalog: Catalog,
  states: ObjectStates,
  info: ObjectInfo,
  rules: readonly LifecycleRule[],
): Promise<LifecycleExpiry | undefined> {
  const { bucket, key, version, modifiedUnixMs: timeMs, sizeBytes } = info;
  const slot = versionSlot(catalog, bucket, key);
  if (slot < 0 || catalog.state.objects.versionAt(slot) !== version) return undefined;
  const asksTags = rules.some(({ filter }) => filter.tags !== undefined);
  const { versionId } = info;
  const tags =
    asksTags && info.tagCount > 0 ? (await states.tags(bucket, key, { versionId })).tags : {};
  const found = expiryOf(rules, { key, timeMs, sizeBytes }, (wanted) =>
    wanted.every(([name, tag]) => Object.hasOwn(tags, name) && tags[name] === tag),
  );
  return found === undefined ? undefined : { atUnixMs: found.atMs, ruleId: found.ruleId };
}
