/** What callers need of lifecycles: the value of the configuration, and what it has led to. */
export {
  type LifecycleFilter,
  type LifecycleRule,
  lifecycleRulesOf,
  lifecycleText,
} from '../catalog/lifecycle-rules.js';
export type { LifecycleDeed } from './lifecycle-deeds.js';
