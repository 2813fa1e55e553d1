/** What callers need to write and read the value of the configuration `lifecycle`. */
export {
  type LifecycleFilter,
  type LifecycleRule,
  lifecycleRulesOf,
  lifecycleText,
} from '../catalog/lifecycle-rules.js';
