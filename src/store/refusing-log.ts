import { LogStoreError } from '../base/errors.js';
import type { Log } from '../log/types.js';

/** A log that is whole and takes nothing more: everything is read as before. */
export function refusingLog(log: Log, reason: string): Log {
  const refuse = () => {
    throw new LogStoreError('READ_ONLY', `the store is read-only: ${reason}`);
  };
  const refusal: Partial<Log> = {
    state: { is: 'read-only', reason },
    compactor: undefined,
    append: refuse,
    takeVersions: refuse,
    room: async () => refuse(),
  };
  return new Proxy(log, {
    get(target, name) {
      if (Object.hasOwn(refusal, name)) return Reflect.get(refusal, name);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
