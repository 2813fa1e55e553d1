import { printResult, shown } from './output.js';
import type { Target } from './target.js';

export interface BucketArguments {
  readonly bucket: string;
  readonly json: boolean;
}

export async function mb(target: Target, { bucket, json }: BucketArguments): Promise<void> {
  await target.makeBucket(bucket);
  await printResult(json, { bucket, made: true }, `made ${shown(bucket)}`);
}

export async function rb(target: Target, { bucket, json }: BucketArguments): Promise<void> {
  await target.removeBucket(bucket);
  await printResult(json, { bucket, removed: true }, `removed ${shown(bucket)}`);
}
