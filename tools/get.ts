import { saveBody } from './local-file.js';
import { printResult, shown, shownSize } from './output.js';
import { Progress } from './progress.js';
import type { Address, Target } from './target.js';

export interface GetArguments {
  readonly address: Address;
  /** `-` is standard output, which then holds the object's bytes alone. */
  readonly file: string;
  readonly json: boolean;
}

export async function get(target: Target, { address, file, json }: GetArguments): Promise<void> {
  const { bucket, key } = address;
  const { facts, body } = await target.get(bucket, key);
  const { sizeBytes, etag } = facts;
  using progress = new Progress({ label: 'get', totalBytes: sizeBytes });
  await saveBody(file, progress.count(body));
  progress[Symbol.dispose]();
  if (file === '-') return;
  const line = `${shown(file)}  ${shownSize(sizeBytes)}  ${etag}`;
  await printResult(json, { bucket, key, file, sizeBytes, etag }, line);
}
