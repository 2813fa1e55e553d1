import { LogStoreError } from '../src/base/errors.js';
import { limits } from '../src/base/limits.js';
import { childText } from '../src/http/s3/xml-read.js';
import type { S3Client } from './s3-client.js';

const MiB = 1024 ** 2;
const PART_BYTES_MIN = 16 * MiB;

interface Upload {
  readonly bucket: string;
  readonly key: string;
  readonly body: AsyncIterable<Uint8Array>;
  readonly sizeBytes: number | undefined;
  readonly contentType: string | undefined;
}

/**
 * One PUT where the body fits one part, else a multipart upload, a part at a time: two parts are
 * the most that is in memory, and each is signed with its hash.
 * @throws LogStoreError `INCOMPLETE_BODY` when the body is not of the size that was stated
 */
export async function upload(
  client: S3Client,
  { body, sizeBytes, ...object }: Upload,
): Promise<{ etag: string; sizeBytes: number }> {
  const parts = inParts(body, (number) => partBytesOf(number, sizeBytes));
  try {
    const first = await nextPart(parts);
    const second = first.length < partBytesOf(1, sizeBytes) ? undefined : await parts.next();
    if (second === undefined || second.done === true) {
      checkSize(first.length, sizeBytes);
      return { etag: await putWhole(client, object, first), sizeBytes: first.length };
    }
    return await putParts(client, object, [first, second.value], parts, sizeBytes);
  } finally {
    await parts.return(undefined); // closes the source when something above failed
  }
}

/** Sizes grow with the number, so that 10,000 parts hold whatever comes through a pipe. */
export function partBytesOf(number: number, sizeBytes: number | undefined): number {
  if (sizeBytes !== undefined) {
    const least = Math.ceil(sizeBytes / limits.partCountMax);
    return Math.max(PART_BYTES_MIN, Math.ceil(least / MiB) * MiB);
  }
  if (number <= 1_000) return PART_BYTES_MIN; // 16 GiB so far
  return number <= 5_000 ? 4 * PART_BYTES_MIN : 64 * PART_BYTES_MIN; // 266 GiB; 5 TiB
}

/** Cuts a stream into buffers of the stated sizes, the last one shorter; an empty body is one. */
export async function* inParts(
  body: AsyncIterable<Uint8Array>,
  partBytes: (number: number) => number,
): AsyncGenerator<Uint8Array, undefined> {
  let number = 1;
  let chunks: Uint8Array[] = [];
  let room = partBytes(number);
  for await (let chunk of body)
    while (chunk.length > 0) {
      const taken = chunk.subarray(0, room);
      chunks.push(taken);
      chunk = chunk.subarray(taken.length);
      room -= taken.length;
      if (room > 0) continue;
      yield Buffer.concat(chunks);
      chunks = [];
      number += 1;
      room = partBytes(number);
    }
  if (chunks.length > 0 || number === 1) yield Buffer.concat(chunks);
  return undefined;
}

async function nextPart(parts: AsyncGenerator<Uint8Array, undefined>): Promise<Uint8Array> {
  return (await parts.next()).value ?? new Uint8Array();
}

async function putWhole(
  client: S3Client,
  { bucket, key, contentType }: Omit<Upload, 'body' | 'sizeBytes'>,
  body: Uint8Array,
): Promise<string> {
  const headers = contentType === undefined ? {} : { 'content-type': contentType };
  return etagOf(await client.command({ method: 'PUT', bucket, key, headers, body }));
}

async function putParts(
  client: S3Client,
  { bucket, key, contentType }: Omit<Upload, 'body' | 'sizeBytes'>,
  ready: Uint8Array[],
  rest: AsyncGenerator<Uint8Array, undefined>,
  sizeBytes: number | undefined,
): Promise<{ etag: string; sizeBytes: number }> {
  const headers = contentType === undefined ? {} : { 'content-type': contentType };
  const begun = await client.xml(
    { method: 'POST', bucket, key, query: { uploads: '' }, headers },
    'InitiateMultipartUploadResult',
  );
  const uploadId = childText(begun, 'UploadId') ?? '';
  try {
    const etags: string[] = [];
    let doneBytes = 0;
    for (
      let part = ready.shift();
      part !== undefined;
      part = ready.shift() ?? (await rest.next()).value
    ) {
      const query = { partNumber: String(etags.length + 1), uploadId };
      etags.push(etagOf(await client.command({ method: 'PUT', bucket, key, query, body: part })));
      doneBytes += part.length;
    }
    checkSize(doneBytes, sizeBytes);
    const completed = await client.xml(
      { method: 'POST', bucket, key, query: { uploadId }, body: completion(etags) },
      'CompleteMultipartUploadResult',
    );
    return { etag: unquoted(childText(completed, 'ETag') ?? ''), sizeBytes: doneBytes };
  } catch (error) {
    await abandon(client, bucket, key, uploadId);
    throw error;
  }
}

/** The first failure is the one to report: what this one says adds nothing. */
async function abandon(client: S3Client, bucket: string, key: string, uploadId: string) {
  await client
    .command({ method: 'DELETE', bucket, key, query: { uploadId } })
    .catch(() => undefined);
}

function completion(etags: readonly string[]): Uint8Array {
  const parts = etags.map(
    (etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`,
  );
  return Buffer.from(`<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`);
}

function checkSize(foundBytes: number, statedBytes: number | undefined): void {
  if (statedBytes === undefined || statedBytes === foundBytes) return;
  throw new LogStoreError(
    'INCOMPLETE_BODY',
    `the body has ${foundBytes} bytes and not ${statedBytes}: did it change while it was read?`,
  );
}

function etagOf(headers: { readonly etag?: string | undefined }): string {
  return unquoted(headers.etag ?? '');
}

export function unquoted(etag: string): string {
  return etag.replace(/^"|"$/g, '');
}
