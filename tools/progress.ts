import { shownSize } from './output.js';

const RENDER_EVERY_MS = 100;
const BAR_CHARACTERS = 28;

export interface ProgressOptions {
  readonly label: string;
  /** Undefined where the end is not known, as of a pipe. */
  readonly totalBytes?: number | undefined;
  /** What is counted: bytes, unless it says otherwise. */
  readonly unit?: string | undefined;
  readonly stream?: Terminal;
}

/** What is used of standard error. */
export interface Terminal {
  readonly isTTY: boolean;
  readonly columns: number;
  write(text: string): unknown;
}

/** One line at the bottom of a terminal, drawn at most ten times a second; nothing elsewhere. */
export class Progress implements Disposable {
  readonly #options: ProgressOptions;
  readonly #stream: Terminal;
  readonly #startedMs = performance.now();
  #drawnMs = Number.NEGATIVE_INFINITY;
  #doneBytes = 0;
  #drawn = false;

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#stream = options.stream ?? process.stderr;
  }

  advance(countBytes: number): void {
    this.at(this.#doneBytes + countBytes, this.#options.totalBytes);
  }

  /** For work that keeps count itself. */
  at(doneBytes: number, totalBytes: number | undefined): void {
    this.#doneBytes = doneBytes;
    if (!this.#stream.isTTY) return;
    const nowMs = performance.now();
    if (nowMs - this.#drawnMs < RENDER_EVERY_MS) return;
    this.#drawnMs = nowMs;
    this.#drawn = true;
    const { label, unit } = this.#options;
    const line = progressLine(label, doneBytes, totalBytes, nowMs - this.#startedMs, unit);
    this.#stream.write(`\r${line.slice(0, this.#stream.columns || 80)}\x1b[K`);
  }

  /** Takes the line away: what stays at the terminal is the result. */
  [Symbol.dispose](): void {
    if (this.#drawn) this.#stream.write('\r\x1b[K');
    this.#drawn = false;
  }

  /** Passes a stream on, counting it. */
  async *count(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    for await (const chunk of source) {
      this.advance(chunk.length);
      yield chunk;
    }
  }
}

/** `verify  [#####-----]  50 %  1.0 GiB of 2.0 GiB  512.0 MiB/s`. */
export function progressLine(
  label: string,
  doneBytes: number,
  totalBytes: number | undefined,
  elapsedMs: number,
  unit?: string,
): string {
  const shownAs = (count: number) => (unit === undefined ? shownSize(count) : `${count} ${unit}`);
  const speed = elapsedMs > 0 ? `  ${shownAs(Math.round((doneBytes * 1000) / elapsedMs))}/s` : '';
  if (totalBytes === undefined) return `${label}  ${shownAs(doneBytes)}${speed}`;
  const ratio = totalBytes === 0 ? 1 : Math.min(1, doneBytes / totalBytes);
  const full = Math.round(ratio * BAR_CHARACTERS);
  const bar = '#'.repeat(full) + '-'.repeat(BAR_CHARACTERS - full);
  const percent = `${Math.floor(ratio * 100)} %`.padStart(5);
  const done = `${unit === undefined ? shownSize(doneBytes) : doneBytes} of ${shownAs(totalBytes)}`;
  return `${label}  [${bar}] ${percent}  ${done}${speed}`;
}
