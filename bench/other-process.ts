import { type ChildProcess, fork, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** What processes tell each other: figures by name. */
export type Figures = Readonly<Record<string, number>>;

/** What they print is thrown away, but for errors. */
const stdio: StdioOptions = ['ignore', 'ignore', 'inherit', 'ipc'];

/** What is asked: the name of the question and its parameters. */
interface Question {
  readonly ask: string;
  readonly figures: Figures;
}

/**
 * A part of a bench in a process of its own, so that it is measured apart. Answers one question at
 * a time; ended with SIGKILL when it is disposed of.
 */
export class OtherProcess implements AsyncDisposable {
  readonly #ended: Promise<unknown>;

  private constructor(private readonly child: ChildProcess) {
    this.#ended = once(child, 'exit');
  }

  /** @param script of this folder, without `.js` */
  static start(script: string, args: readonly string[] = [], execArgv: readonly string[] = []) {
    const path = fileURLToPath(new URL(`./${script}.js`, import.meta.url));
    return new OtherProcess(fork(path, args, { execArgv: [...execArgv], stdio }));
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  async ask(ask: string, figures: Figures = {}): Promise<Figures> {
    const answered = once(this.child, 'message');
    this.child.send({ ask, figures } satisfies Question);
    const [answer]: unknown[] = await Promise.race([
      answered,
      this.#ended.then(() => [{ error: this.#ending() }]),
    ]);
    if (isRecord(answer) && typeof answer.error === 'string') throw new Error(answer.error);
    return figuresOf(answer);
  }

  #ending(): string {
    const { spawnargs, exitCode, signalCode } = this.child;
    return `${spawnargs.slice(1).join(' ')}: ended with ${signalCode ?? exitCode}`;
  }

  async end(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}

type Answerer = (figures: Figures) => Promise<Figures> | Figures;

/** The other side: answers what the process that forked this one asks. */
export function answerQuestions(answerers: Readonly<Record<string, Answerer>>): void {
  process.on('message', (message: unknown) => {
    answer(message, answerers).then(
      (figures) => process.send?.(figures),
      (error: unknown) =>
        process.send?.({ error: error instanceof Error ? error.stack : String(error) }),
    );
  });
}

async function answer(
  message: unknown,
  answerers: Readonly<Record<string, Answerer>>,
): Promise<Figures> {
  if (!isRecord(message) || typeof message.ask !== 'string') throw new Error('no question');
  const answerer = answerers[message.ask];
  if (answerer === undefined) throw new Error(`nobody answers '${message.ask}'`);
  return answerer(figuresOf(message.figures));
}

/** One of the figures. @throws Error where it was not told */
export function figureOf(figures: Figures, name: string): number {
  const value = figures[name];
  if (value === undefined) throw new Error(`'${name}' was not told`);
  return value;
}

function figuresOf(value: unknown): Figures {
  if (!isRecord(value)) throw new Error('figures are an object');
  const figures: Record<string, number> = {};
  for (const [name, figure] of Object.entries(value)) {
    if (typeof figure !== 'number') throw new Error(`'${name}' is no number`);
    figures[name] = figure;
  }
  return figures;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
