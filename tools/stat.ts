import { printResult, shown, shownSize, shownTime } from './output.js';
import type { Address, Target } from './target.js';

export interface StatArguments {
  readonly address: Address;
  readonly json: boolean;
}

export async function stat(target: Target, { address, json }: StatArguments): Promise<void> {
  const { bucket, key } = address;
  const { sizeBytes, etag, contentType, userMetadata, ...facts } = await target.stat(bucket, key);
  const modified = shownTime(facts.modifiedUnixMs);
  const rows: [string, string][] = [
    ['object', `${bucket}/${key}`],
    ['size', `${sizeBytes} (${shownSize(sizeBytes)})`],
    ['etag', etag],
    ['modified', modified],
  ];
  if (contentType !== undefined) rows.push(['type', contentType]);
  for (const [name, value] of Object.entries(userMetadata)) rows.push([`meta ${name}`, value]);
  const width = Math.max(...rows.map(([name]) => name.length));
  await printResult(
    json,
    { bucket, key, sizeBytes, etag, modified, contentType, userMetadata },
    rows.map(([name, value]) => `${shown(name).padEnd(width)}  ${shown(value)}`).join('\n'),
  );
}
