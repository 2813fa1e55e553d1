import { LogStoreError } from '../src/base/errors.js';
import { printResult, shown } from './output.js';
import type { Address, Target } from './target.js';

export interface RmArguments {
  readonly addresses: readonly Address[];
  readonly json: boolean;
}

/** @throws LogStoreError `NO_SUCH_KEY` at the first that is not there, where that can be known */
export async function rm(target: Target, { addresses, json }: RmArguments): Promise<void> {
  for (const { bucket, key } of addresses) {
    const removed = await target.remove(bucket, key);
    if (removed === false)
      throw new LogStoreError('NO_SUCH_KEY', `there is no object '${bucket}/${key}'`);
    await printResult(json, { bucket, key, removed: true }, `removed ${shown(`${bucket}/${key}`)}`);
  }
}
