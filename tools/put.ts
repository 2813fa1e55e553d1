import { isLogStoreError } from '../src/base/errors.js';
import { bodyOf } from './local-file.js';
import { printResult, shown, shownSize } from './output.js';
import { Progress } from './progress.js';
import type { Address, Target } from './target.js';

export interface PutArguments {
  readonly address: Address;
  /** `-` is standard input. */
  readonly file: string;
  readonly contentType: string | undefined;
  readonly createBucket: boolean;
  readonly json: boolean;
}

export async function put(target: Target, options: PutArguments): Promise<void> {
  const { bucket, key } = options.address;
  if (options.createBucket) await makeBucketIfMissing(target, bucket);
  const { body, sizeBytes } = await bodyOf(options.file);
  using progress = new Progress({ label: 'put', totalBytes: sizeBytes });
  const stored = await target.put(bucket, key, progress.count(body), {
    sizeBytes,
    contentType: options.contentType,
  });
  const { etag } = stored;
  progress[Symbol.dispose]();
  await printResult(
    options.json,
    { bucket, key, sizeBytes: stored.sizeBytes, etag },
    `${shown(`${bucket}/${key}`)}  ${shownSize(stored.sizeBytes)}  ${etag}`,
  );
}

async function makeBucketIfMissing(target: Target, bucket: string): Promise<void> {
  try {
    await target.makeBucket(bucket);
  } catch (error) {
    if (!isLogStoreError(error, 'BUCKET_EXISTS')) throw error;
  }
}
