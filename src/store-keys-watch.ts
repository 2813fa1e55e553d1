import type { Clock, Timer } from './base/host.js';
import { FileWatch } from './file-watch.js';
import type { Logger } from './http/logger.js';
import type { StoreKeys } from './store-keys.js';

/** What is encrypted behind a change of the key file is under its last key. */
export function watchStoreKeys(keys: StoreKeys, clock: Clock, logger: Logger): Timer {
  const look = async () => {
    if (await keys.reload()) logger.info({ keys: keys.ids() }, 'encryption keys reloaded');
  };
  const unusable = 'the encryption keys cannot be read; the known ones stay';
  return new FileWatch(look, unusable, clock, logger);
}
