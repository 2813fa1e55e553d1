import { printResult, shown, shownTime } from './output.js';
import { parsePrefix, type Target } from './target.js';

export interface LsArguments {
  /** `BUCKET` or `BUCKET/PREFIX`; the buckets themselves without one. */
  readonly address: string | undefined;
  readonly recursive: boolean;
  readonly json: boolean;
}

const SIZE_CHARACTERS = 14;

/** With `--json` one object a line, so that a listing of any length can be read as it comes. */
export async function ls(target: Target, options: LsArguments): Promise<void> {
  const { address, recursive, json } = options;
  if (address === undefined) {
    for (const { name, createdUnixMs } of await target.buckets())
      await printResult(
        json,
        { bucket: name, created: shownTime(createdUnixMs) },
        `${shownTime(createdUnixMs)}  ${name}`,
      );
    return;
  }
  const { bucket, prefix } = parsePrefix(address);
  const delimiter = recursive ? undefined : '/';
  for await (const entry of target.list(bucket, { prefix, delimiter })) {
    if (entry.is === 'prefix') {
      const place = ' '.repeat(shownTime(0).length + 2 + SIZE_CHARACTERS);
      await printResult(json, { prefix: entry.prefix }, `${place}  ${shown(entry.prefix)}`);
      continue;
    }
    const { key, sizeBytes, etag } = entry;
    const modified = shownTime(entry.modifiedUnixMs);
    const size = String(sizeBytes).padStart(SIZE_CHARACTERS);
    const line = `${modified}  ${size}  ${shown(key)}`;
    await printResult(json, { key, sizeBytes, etag, modified }, line);
  }
}
