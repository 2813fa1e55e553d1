import { LogStoreError } from '../src/base/errors.js';
import { childText, type XmlElement } from '../src/http/s3/xml-read.js';
import { S3Client, type S3ClientOptions } from './s3-client.js';
import { unquoted, upload } from './s3-upload.js';
import type { Entry, ObjectFacts, Target } from './target.js';

/** A running server, spoken to as any S3 client would. */
export function s3Target(options: S3ClientOptions): Target {
  const client = new S3Client(options);
  return {
    async makeBucket(bucket) {
      await client.command({ method: 'PUT', bucket });
    },
    async removeBucket(bucket) {
      await client.command({ method: 'DELETE', bucket });
    },
    async buckets() {
      const result = await client.xml({ method: 'GET' }, 'ListAllMyBucketsResult');
      const list = result.children.find((child) => child.name === 'Buckets');
      return (list?.children ?? []).map((bucket) => ({
        name: required(bucket, 'Name'),
        createdUnixMs: Date.parse(required(bucket, 'CreationDate')),
      }));
    },
    list: (bucket, { prefix, delimiter }) => listPages(client, bucket, prefix, delimiter),
    async stat(bucket, key) {
      return factsOf(await client.command({ method: 'HEAD', bucket, key }));
    },
    put: (bucket, key, body, { sizeBytes, contentType }) =>
      upload(client, { bucket, key, body, sizeBytes, contentType }),
    async get(bucket, key) {
      const answer = await client.request({ method: 'GET', bucket, key });
      const facts = factsOf(answer.headers);
      return { facts, body: wholeBody(answer, facts.sizeBytes, `${bucket}/${key}`) };
    },
    async remove(bucket, key) {
      await client.command({ method: 'DELETE', bucket, key });
      return undefined; // S3 answers 204 either way
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

async function* listPages(
  client: S3Client,
  bucket: string,
  prefix: string,
  delimiter: string | undefined,
): AsyncIterable<Entry> {
  let token: string | undefined;
  do {
    const query = {
      'list-type': '2',
      'encoding-type': 'url', // XML cannot hold every character that a key may
      prefix,
      ...(delimiter === undefined ? {} : { delimiter }),
      ...(token === undefined ? {} : { 'continuation-token': token }),
    };
    const page = await client.xml({ method: 'GET', bucket, query }, 'ListBucketResult');
    for (const child of page.children) {
      const entry = entryOf(child);
      if (entry !== undefined) yield entry;
    }
    token =
      childText(page, 'IsTruncated') === 'true'
        ? required(page, 'NextContinuationToken')
        : undefined;
  } while (token !== undefined);
}

function entryOf(element: XmlElement): Entry | undefined {
  if (element.name === 'CommonPrefixes')
    return { is: 'prefix', prefix: plain(required(element, 'Prefix')) };
  if (element.name !== 'Contents') return undefined;
  return {
    is: 'object',
    key: plain(required(element, 'Key')),
    sizeBytes: Number(required(element, 'Size')),
    etag: unquoted(required(element, 'ETag')),
    modifiedUnixMs: Date.parse(required(element, 'LastModified')),
  };
}

/** Undoes `encoding-type=url`, in which S3 writes a space as `+`. */
function plain(encoded: string): string {
  return decodeURIComponent(encoded.replaceAll('+', ' '));
}

function factsOf(headers: NodeJS.Dict<string | string[]>): ObjectFacts {
  const text = (name: string) => {
    const value = headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  };
  const userMetadata: Record<string, string> = {};
  for (const name of Object.keys(headers))
    if (name.startsWith('x-amz-meta-')) userMetadata[name.slice(11)] = text(name) ?? '';
  return {
    sizeBytes: Number(text('content-length')),
    etag: unquoted(text('etag') ?? ''),
    modifiedUnixMs: Date.parse(text('last-modified') ?? ''),
    contentType: text('content-type'),
    userMetadata,
  };
}

/** A connection that breaks off must not look like a short object. */
async function* wholeBody(answer: AsyncIterable<Uint8Array>, sizeBytes: number, name: string) {
  let doneBytes = 0;
  try {
    for await (const chunk of answer) {
      doneBytes += chunk.length;
      yield chunk;
    }
  } catch (cause) {
    throw brokenOff(name, doneBytes, sizeBytes, cause);
  }
  if (doneBytes !== sizeBytes) throw brokenOff(name, doneBytes, sizeBytes, undefined);
}

function brokenOff(name: string, doneBytes: number, sizeBytes: number, cause: unknown) {
  const message = `${name}: the server broke off after ${doneBytes} of ${sizeBytes} bytes`;
  return new LogStoreError('IO', message, { cause });
}

function required(element: XmlElement, name: string): string {
  const text = childText(element, name);
  if (text !== undefined) return text;
  throw new LogStoreError('IO', `the server's ${element.name} has no ${name}`);
}
