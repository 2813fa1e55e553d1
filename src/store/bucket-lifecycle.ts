import { isLogStoreError } from '../base/errors.js';
import { type LifecycleRule, lifecycleRulesOf } from '../catalog/lifecycle-rules.js';
import type { Bucket, Configuration } from '../catalog/state.js';

/** As they were set: read once, not for each object. */
const rulesOfConfigurations = new WeakMap<Configuration, readonly LifecycleRule[]>();
const noRules: readonly LifecycleRule[] = Object.freeze([]);

/** The rules of a bucket's lifecycle; none where it has none. */
export function lifecycleOf({
  configurations,
}: Pick<Bucket, 'configurations'>): readonly LifecycleRule[] {
  const configuration = configurations.get('lifecycle');
  if (configuration === undefined) return noRules;
  let rules = rulesOfConfigurations.get(configuration);
  if (rules === undefined) {
    rules = readRules(String(configuration.value));
    rulesOfConfigurations.set(configuration, rules);
  }
  return rules;
}

/** What was admitted by another version may say more: then nothing is done, and nothing fails. */
function readRules(text: string): readonly LifecycleRule[] {
  try {
    return lifecycleRulesOf(text);
  } catch (error) {
    if (isLogStoreError(error, 'INVALID_ARGUMENT')) return noRules;
    throw error;
  }
}
