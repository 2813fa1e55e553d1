import { S3Error } from './s3-error.js';

/** A form as it arrives: its fields are read, its file is on its way, until it is let go. */
export interface ArrivingForm extends AsyncDisposable {
  /** Those in front of the file, by names in lower case. */
  readonly fields: ReadonlyMap<string, string>;
  /** The last part of the path that the sender's file has; perhaps empty. */
  readonly fileName: string;
  /** To be iterated once; ends without throwing only if the form has come to its end. */
  readonly file: AsyncIterable<Uint8Array>;
}

export const fieldsBytesMax = 32 * 1024; // of everything in front of the file
const headBytesMax = 4 * 1024; // of the headers of one part
const restBytesMax = 64 * 1024; // of what follows the file, which counts for nothing

const lineEnd = Buffer.from('\r\n');
const headEnd = Buffer.from('\r\n\r\n');

/**
 * Reads `multipart/form-data` (RFC 7578) as far as its file, which S3 takes as the last field.
 * @throws S3Error `MalformedPOSTRequest`, `MaxPostPreDataLengthExceededError`; `InvalidArgument`
 *   where there is no file
 */
export async function readForm(
  source: AsyncIterable<Uint8Array>,
  contentType: string,
): Promise<ArrivingForm> {
  const reader = new FormReader(source, boundaryOf(contentType));
  try {
    return await readFields(reader);
  } catch (error) {
    await reader.end();
    throw error;
  }
}

async function readFields(reader: FormReader): Promise<ArrivingForm> {
  const fields = new Map<string, string>();
  let leftBytes = fieldsBytesMax;
  await reader.begin();
  for (;;) {
    const part = await reader.nextPart(Math.min(leftBytes, headBytesMax));
    if (part === undefined)
      throw new S3Error('InvalidArgument', 'POST requires exactly one file upload per request.');
    const name = part.name.toLowerCase();
    if (name === 'file') {
      const fileName = lastName(part.fileName ?? '');
      const file = reader.fileContent();
      return { fields, fileName, file, [Symbol.asyncDispose]: () => reader.end() };
    }
    const value = await reader.whole(leftBytes - part.headBytes);
    leftBytes -= part.headBytes + value.length;
    if (fields.has(name)) throw malformed(`the field ${name} is given twice`);
    fields.set(name, textOf(value));
  }
}

function boundaryOf(contentType: string): string {
  const match = /;\s*boundary=(?:"([^"\r\n]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType);
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined) throw malformed('its type names no boundary');
  return boundary;
}

/** Browsers may send a whole path, of whatever system. */
function lastName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}

interface Part {
  readonly name: string;
  readonly fileName: string | undefined;
  readonly headBytes: number;
}

/** Pulls from its source only what the part that is read needs: nothing piles up. */
class FormReader {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #delimiter: Buffer;
  #held: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>, boundary: string) {
    this.#source = source[Symbol.asyncIterator]();
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  }

  /** The first boundary has no line before it. */
  async begin(): Promise<void> {
    const first = this.#delimiter.subarray(lineEnd.length);
    while (this.#held.length < first.length) await this.#fill();
    if (!this.#held.subarray(0, first.length).equals(first)) throw malformed('it has no boundary');
    this.#held = this.#held.subarray(first.length);
  }

  /** Behind a boundary; undefined behind the last one. */
  async nextPart(bytesMax: number): Promise<Part | undefined> {
    while (this.#held.length < 2) await this.#fill();
    if (this.#held.subarray(0, 2).toString('latin1') === '--') return undefined;
    if (!this.#held.subarray(0, 2).equals(lineEnd)) throw malformed('a boundary ends its line');
    let end = this.#held.indexOf(headEnd);
    while (end === -1) {
      if (this.#held.length > bytesMax) throw new S3Error('MaxPostPreDataLengthExceededError');
      await this.#fill();
      end = this.#held.indexOf(headEnd);
    }
    const head = this.#held.subarray(lineEnd.length, Math.max(end, lineEnd.length));
    this.#held = this.#held.subarray(end + headEnd.length);
    return readHead(head);
  }

  /** The bytes of a part, as far as its boundary; views of what was pulled. */
  async *content(): AsyncGenerator<Uint8Array, void, void> {
    for (;;) {
      const end = this.#held.indexOf(this.#delimiter);
      // Without one, the last bytes may still be its beginning.
      const safe = end === -1 ? this.#held.length - this.#delimiter.length + 1 : end;
      if (safe > 0) {
        const chunk = this.#held.subarray(0, safe);
        this.#held = this.#held.subarray(safe);
        yield chunk;
      }
      if (end !== -1) {
        this.#held = this.#held.subarray(this.#delimiter.length);
        return;
      }
      await this.#fill();
    }
  }

  /** The same, which is to be small. */
  async whole(bytesMax: number): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    let sizeBytes = 0;
    for await (const chunk of this.content()) {
      sizeBytes += chunk.length;
      if (sizeBytes > bytesMax) throw new S3Error('MaxPostPreDataLengthExceededError');
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  /** Pulls no more. Idempotent. */
  async end(): Promise<void> {
    await this.#source.return?.();
  }

  /** The file; what follows it is read, so that the sender is done, and dropped. */
  async *fileContent(): AsyncGenerator<Uint8Array, void, void> {
    yield* this.content();
    while (this.#held.length < 2) await this.#fill();
    const after = this.#held.subarray(0, 2);
    if (!after.equals(lineEnd) && after.toString('latin1') !== '--')
      throw malformed('a boundary ends its line');
    let leftBytes = restBytesMax - this.#held.length;
    for (;;) {
      const next = await this.#source.next();
      if (next.done) return;
      leftBytes -= next.value.length;
      if (leftBytes < 0) throw malformed('the file is its last field');
    }
  }

  async #fill(): Promise<void> {
    const next = await this.#source.next();
    if (next.done) throw malformed('it ends before its last boundary');
    this.#held = this.#held.length === 0 ? Buffer.from(next.value) : this.#with(next.value);
  }

  #with(bytes: Uint8Array): Buffer {
    return Buffer.concat([this.#held, bytes]);
  }
}

function readHead(head: Buffer): Part {
  const lines = head.toString('latin1').split('\r\n');
  const disposition = lines.find((line) => /^content-disposition:/i.test(line)) ?? '';
  const name = parameter(disposition, 'name');
  if (!/^content-disposition:\s*form-data\s*;/i.test(disposition) || name === undefined)
    throw malformed('a part has no name');
  return { name, fileName: parameter(disposition, 'filename'), headBytes: head.length };
}

/** Browsers escape quotes and line ends as a URL would, other senders with a backslash. */
function parameter(disposition: string, name: string): string | undefined {
  const form = new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;"]+))`, 'i');
  const match = form.exec(disposition);
  const value = match?.[1]?.replace(/\\(["\\])/g, '$1') ?? match?.[2];
  if (value === undefined) return undefined;
  const plain = value.replace(/%(22|0D|0A)/gi, (escaped) => decodeURIComponent(escaped));
  return textOf(Buffer.from(plain, 'latin1'));
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new S3Error('InvalidArgument', 'The fields of a form must be UTF-8', { cause });
  }
}

function malformed(why: string): S3Error {
  return new S3Error(
    'MalformedPOSTRequest',
    `The body of your POST request is not well-formed multipart/form-data: ${why}.`,
  );
}
