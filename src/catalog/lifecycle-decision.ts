import type { Mutation } from '../format/mutation.js';
import { type Catalog, versioningIn } from './catalog.js';
import type { LifecycleFilter, LifecycleRule } from './lifecycle-rules.js';
import { lockOn, type StateFacts, stateFactsOf } from './object-states.js';
import { endOf } from './objects.js';
import { hasExpired, isMarker, scanVersions } from './versions.js';

/** Real days end at midnight UTC; the shortened days of a test are counted to the millisecond. */
export const realDayMs = 86_400_000;

/** When, and what length a day has. */
export interface LifecycleTime {
  readonly nowMs: number;
  /** By which locks end. */
  readonly lockNowMs: number;
  readonly dayMs: number;
}

/**
 * Whether a version has all these tags. Undefined facts: nothing was ever said of it.
 * Where tags are not known yet, true finds all that may be meant.
 */
export type HasTags = (
  facts: StateFacts | undefined,
  tags: NonNullable<LifecycleFilter['tags']>,
) => boolean;

/** What a rule does to a version of a key. */
export type LifecycleAction =
  | { readonly does: 'expire' }
  | { readonly does: 'remove'; readonly ends: readonly number[]; readonly isMarker: boolean };

/** The moment at which something of this time is so many days old. */
export function dueAfter(sinceMs: number, days: number, dayMs: number): number {
  const dueMs = sinceMs + days * dayMs;
  return dayMs === realDayMs ? Math.ceil(dueMs / realDayMs) * realDayMs : dueMs;
}

/** A version as rules see it. */
interface SeenVersion {
  readonly slot: number;
  readonly version: number;
  readonly timeMs: number;
  readonly sizeBytes: number;
  readonly isMarker: boolean;
  readonly facts: StateFacts | undefined;
}

/**
 * What the rules of its bucket do to a key now, as the index has it: each version at most once.
 * Locked versions stay, whatever the rules say.
 */
export function decideKey(
  catalog: Catalog,
  rules: readonly LifecycleRule[],
  bucket: string,
  key: string,
  time: LifecycleTime,
  hasTags: HasTags,
): LifecycleAction[] {
  const meant = rules.filter(({ enabled, filter }) => enabled && hasPrefix(filter, key));
  if (meant.length === 0) return [];
  const versions = versionsOf(catalog, bucket, key, time.nowMs);
  const [current, ...older] = versions;
  if (current === undefined) return [];
  const actions: LifecycleAction[] = [];
  const remove = (seen: SeenVersion): void => {
    if (lockOn(seen.facts, time.lockNowMs, false) !== undefined) return;
    const ends = endOf(catalog.state.objects, seen.slot);
    actions.push({ does: 'remove', ends, isMarker: seen.isMarker });
  };
  const isMeant = ({ filter }: LifecycleRule, seen: SeenVersion): boolean =>
    fits(filter, seen, hasTags);
  if (current.isMarker) {
    const isDue = meant.some((rule) => markerIsDue(rule, current, time) && isMeant(rule, current));
    if (older.length === 0 && isDue) remove(current);
  } else if (meant.some((rule) => currentIsDue(rule, current, time) && isMeant(rule, current))) {
    if (versioningIn(catalog, bucket) === 'off') remove(current);
    else actions.push({ does: 'expire' });
  }
  let becameNoncurrentMs = current.timeMs;
  for (const [rank, seen] of older.entries()) {
    const sinceMs = becameNoncurrentMs;
    const isDue = meant.some(
      (rule) => noncurrentIsDue(rule, sinceMs, rank, time) && isMeant(rule, seen),
    );
    if (isDue) remove(seen);
    becameNoncurrentMs = seen.timeMs;
  }
  return actions;
}

/** When a current version will expire, and by which rule: the first of them. */
export function expiryOf(
  rules: readonly LifecycleRule[],
  { key, timeMs, sizeBytes }: { key: string; timeMs: number; sizeBytes: number },
  hasTags: (tags: NonNullable<LifecycleFilter['tags']>) => boolean,
): { readonly atMs: number; readonly ruleId: string } | undefined {
  let first: { atMs: number; ruleId: string } | undefined;
  for (const { id, enabled, filter, expiration } of rules) {
    if (!enabled || expiration === undefined || 'marker' in expiration) continue;
    if (!hasPrefix(filter, key) || !hasSize(filter, sizeBytes)) continue;
    if (filter.tags !== undefined && !hasTags(filter.tags)) continue;
    const atMs =
      'days' in expiration ? dueAfter(timeMs, expiration.days, realDayMs) : expiration.dateUnixMs;
    if (first === undefined || atMs < first.atMs) first = { atMs, ruleId: id };
  }
  return first;
}

function versionsOf(catalog: Catalog, bucket: string, key: string, nowMs: number): SeenVersion[] {
  const { objects } = catalog.state;
  const versions: SeenVersion[] = [];
  scanVersions(objects, bucket, key, (slot) => {
    if (hasExpired(objects.expiresAt(slot), nowMs)) return true;
    const version = objects.versionAt(slot);
    versions.push({
      ...{ slot, version, timeMs: objects.timeAt(slot), sizeBytes: objects.sizeAt(slot) },
      ...{ isMarker: isMarker(objects, slot), facts: undefined },
    });
    return true;
  });
  // Apart from the scan: both use the same scratch memory for keys.
  return versions.map((seen) => {
    return { ...seen, facts: stateFactsOf(catalog.state, bucket, key, seen.version) };
  });
}

function hasPrefix({ prefix = '' }: LifecycleFilter, key: string): boolean {
  return key.startsWith(prefix);
}

function hasSize({ sizeAboveBytes, sizeBelowBytes }: LifecycleFilter, sizeBytes: number): boolean {
  if (sizeAboveBytes !== undefined && sizeBytes <= sizeAboveBytes) return false;
  return sizeBelowBytes === undefined || sizeBytes < sizeBelowBytes;
}

function fits(filter: LifecycleFilter, seen: SeenVersion, hasTags: HasTags): boolean {
  // A delete marker has neither size nor tags; a rule about these is not about it.
  if (seen.isMarker) {
    const { tags, sizeAboveBytes, sizeBelowBytes } = filter;
    return tags === undefined && sizeAboveBytes === undefined && sizeBelowBytes === undefined;
  }
  if (!hasSize(filter, seen.sizeBytes)) return false;
  return filter.tags === undefined || hasTags(seen.facts, filter.tags);
}

function currentIsDue({ expiration }: LifecycleRule, seen: SeenVersion, time: LifecycleTime) {
  if (expiration === undefined || 'marker' in expiration) return false;
  const { nowMs, dayMs } = time;
  if ('dateUnixMs' in expiration) return expiration.dateUnixMs <= nowMs;
  return dueAfter(seen.timeMs, expiration.days, dayMs) <= nowMs;
}

/** Of a marker under which nothing is: asked for, or as old as what it stands for would be. */
function markerIsDue(rule: LifecycleRule, seen: SeenVersion, time: LifecycleTime): boolean {
  const { expiration } = rule;
  if (expiration !== undefined && 'marker' in expiration) return expiration.marker;
  return currentIsDue(rule, seen, time);
}

function noncurrentIsDue(
  { noncurrent }: LifecycleRule,
  sinceMs: number,
  rank: number,
  { nowMs, dayMs }: LifecycleTime,
): boolean {
  if (noncurrent === undefined) return false;
  if (rank < (noncurrent.newerCount ?? 0)) return false;
  return dueAfter(sinceMs, noncurrent.days, dayMs) <= nowMs;
}

/** What removals of a key are in the log. */
export function removalOf(
  bucket: string,
  key: string,
  actions: readonly LifecycleAction[],
): Mutation | undefined {
  const ends = actions.flatMap((action) => (action.does === 'remove' ? action.ends : []));
  return ends.length === 0 ? undefined : { is: 'deleteObject', bucket, key, ends, reason: 1 };
}
