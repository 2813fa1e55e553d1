import { isLogStoreError, LogStoreError } from '../base/errors.js';
import type { Clock } from '../base/host.js';
import { NotProven } from '../base/not-proven.js';
import { encodeAddCheckpoint, sizeContentType } from './add-checkpoint.js';
import { type Checkpoint, decodeCheckpoint, signersOf } from './checkpoint.js';
import { decodeNote, type NoteKey, type NoteSignature } from './note.js';

const answerBytesMax = 64 * 1024;
/** The first attempt may not know the size that the witness has; another log's may come between. */
const attemptsMax = 3;

/** A signed checkpoint, and the way to it from those before. */
export interface Submission {
  /** The signed note. */
  readonly checkpoint: string;
  /** RFC 6962 §2.1.2, from a smaller tree of this log to that of the checkpoint. */
  consistencyPath(olderSize: number): readonly Uint8Array[];
}

export type Cosigning =
  /** The signature was verified. */
  | { readonly is: 'cosigned'; readonly signature: NoteSignature; readonly timeUnixS: number }
  /** The witness signed `size` blocks before, and there are fewer: this log was rolled back. */
  | { readonly is: 'rolled-back'; readonly size: number }
  /** The witness signed another tree of this log before, or was not shown that this goes on. */
  | { readonly is: 'forked'; readonly reason: string }
  /** It does not know this log, or its key, or what it was sent. */
  | { readonly is: 'refused'; readonly reason: string }
  /** No answer in time, or not one of a witness. To be tried again with a later checkpoint. */
  | { readonly is: 'unavailable'; readonly reason: string };

export interface WitnessPorts {
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  /** For one submission, however many requests it takes. */
  readonly timeoutMs: number;
}

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

/**
 * Asks one witness for cosignatures (C2SP tlog-witness, add-checkpoint). Never throws for what a
 * witness or the network does, and nothing waits for it but its caller: a checkpoint is good
 * without.
 */
export class WitnessClient {
  /** What the witness signed last, as far as this client knows. */
  #oldSize = 0;

  /** @param url the submission prefix: `add-checkpoint` is below it */
  constructor(
    readonly key: NoteKey,
    private readonly url: string,
    private readonly ports: WitnessPorts,
  ) {}

  /**
   * One at a time: the caller waits for it before the next one.
   * @param giveUp ends it before its time, as `unavailable`
   */
  async cosign(submission: Submission, giveUp?: AbortSignal): Promise<Cosigning> {
    const { text } = decodeNote(submission.checkpoint);
    const checkpoint = decodeCheckpoint(text);
    const aborting = new AbortController();
    const abort = () => aborting.abort();
    const timer = this.ports.clock.after(this.ports.timeoutMs, abort);
    giveUp?.addEventListener('abort', abort);
    try {
      return await this.#cosign(submission, checkpoint, text, aborting.signal);
    } catch (error) {
      if (!(error instanceof NotProven) && !isLogStoreError(error, 'IO')) throw error;
      const reason = aborting.signal.aborted ? 'no answer in time' : error.message;
      return { is: 'unavailable', reason };
    } finally {
      timer.cancel();
      giveUp?.removeEventListener('abort', abort);
    }
  }

  async #cosign(
    submission: Submission,
    checkpoint: Checkpoint,
    text: string,
    signal: AbortSignal,
  ): Promise<Cosigning> {
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      const oldSize = this.#oldSize <= checkpoint.size ? this.#oldSize : 0;
      const isEmpty = oldSize === 0 || oldSize === checkpoint.size;
      const path = isEmpty ? [] : submission.consistencyPath(oldSize);
      const body = encodeAddCheckpoint({ oldSize, path, checkpoint: submission.checkpoint });
      const answer = await this.#ask(body, signal);
      if (answer.status !== 409) return this.#read(answer, checkpoint, text);
      const size = sizeOf(answer);
      if (size === undefined) return conflict(oldSize === checkpoint.size, reasonOf(answer));
      if (size > checkpoint.size) return { is: 'rolled-back', size };
      if (size === oldSize) return { is: 'forked', reason: `another root of ${size} blocks` };
      this.#oldSize = size;
    }
    return { is: 'unavailable', reason: 'others ask the same witness about this log' };
  }

  /** @throws LogStoreError `IO` */
  async #ask(body: string, signal: AbortSignal): Promise<Answer> {
    const url = `${this.url.replace(/\/$/, '')}/add-checkpoint`;
    const headers = { 'content-type': 'text/plain; charset=utf-8' };
    const { fetch } = this.ports;
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers,
        body,
        redirect: 'error',
        signal,
      });
      const contentType = response.headers.get('content-type') ?? '';
      return { status: response.status, contentType, text: await boundedText(response) };
    } catch (error) {
      throw new LogStoreError('IO', messageOf(error), { cause: error });
    }
  }

  #read(answer: Answer, checkpoint: Checkpoint, text: string): Cosigning {
    const { status } = answer;
    if (status === 200) return this.#cosigned(answer.text, checkpoint, text);
    if (status === 422) return { is: 'forked', reason: reasonOf(answer) };
    const isRefused = status === 400 || status === 403 || status === 404;
    return { is: isRefused ? 'refused' : 'unavailable', reason: reasonOf(answer) };
  }

  /** Kept only if it is by this witness, over this checkpoint, and verifies. */
  #cosigned(lines: string, { size }: Checkpoint, text: string): Cosigning {
    const note = decodeNote(`${text}\n${lines}`);
    const [signer] = signersOf(note, [this.key]);
    const { name, id } = this.key;
    const signature = note.signatures.find((one) => one.name === name && one.id === id);
    if (signer?.timeUnixS === undefined || signature === undefined) {
      throw new NotProven('signature', `the answer holds no cosignature of ${name}+${id}`);
    }
    this.#oldSize = size;
    return { is: 'cosigned', signature, timeUnixS: signer.timeUnixS };
  }
}

/** Without a size: other witnesses may answer so where the roots of one size differ. */
function conflict(isSameSize: boolean, reason: string): Cosigning {
  return { is: isSameSize ? 'forked' : 'refused', reason };
}

function sizeOf({ contentType, text }: Answer): number | undefined {
  const [, digits] = /^(0|[1-9]\d{0,15})\n$/.exec(text) ?? [];
  const isSize = contentType.split(';')[0]?.trim() === sizeContentType;
  return isSize && digits !== undefined ? Number(digits) : undefined;
}

function reasonOf({ status, text }: Answer): string {
  const line = text.split('\n', 1)[0] ?? '';
  return `${status} ${line.replace(/[\p{C}]/gu, '').slice(0, 200)}`.trimEnd();
}

/** `fetch` tells the cause, a refused connection say, in the error beneath. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return 'the request failed';
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

/** A witness that never stops talking must not fill the memory. */
async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.length;
    if (sizeBytes > answerBytesMax) {
      throw new LogStoreError('IO', 'the answer is longer than any witness gives');
    }
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}
