import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';

const quiet = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run']
  .concat(['--disable-background-networking', '--disable-component-update', '--disable-sync'])
  .concat(['--disable-dev-shm-usage', '--remote-debugging-pipe']);

interface Waiting {
  readonly resolve: (result: Record<string, unknown>) => void;
  readonly reject: (error: Error) => void;
}

/** One page of a headless Chromium, led by its DevTools protocol over a pipe. */
export class Chromium implements AsyncDisposable {
  readonly #waiting = new Map<number, Waiting>();
  #number = 0;
  #session: string | undefined;
  #rest = '';
  readonly #closed: Promise<unknown>;

  private constructor(
    private readonly child: ChildProcess,
    private readonly commands: Writable,
    private readonly profile: string,
  ) {
    this.#closed = once(child, 'close').then(() => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the browser has ended'));
    });
  }

  /** Undefined where it is not installed. */
  static async start(): Promise<Chromium | undefined> {
    try {
      await promisify(execFile)('chromium', ['--version']);
    } catch {
      return undefined;
    }
    const profile = mkdtempSync(join(tmpdir(), 'logstore-chromium-'));
    const child = spawn('chromium', [...quiet, `--user-data-dir=${profile}`, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
      env: { ...process.env, HOME: profile }, // no settings of the machine, and none left behind
    });
    const [, , , commands, answers] = child.stdio;
    if (!(commands instanceof Writable) || !(answers instanceof Readable)) {
      throw new Error('the browser has no pipes');
    }
    const browser = new Chromium(child, commands, profile);
    answers.setEncoding('utf8').on('data', (text: string) => browser.#read(text));
    commands.on('error', () => {}); // its end is told by #closed
    const { targetId } = await browser.#call('Target.createTarget', { url: 'about:blank' });
    const attached = await browser.#call('Target.attachToTarget', { targetId, flatten: true });
    browser.#session = String(attached.sessionId);
    return browser;
  }

  async goTo(url: string): Promise<void> {
    await this.#call('Page.navigate', { url });
  }

  /** From now on no request leaves it. */
  async goOffline(): Promise<void> {
    const nothing = { latency: 0, downloadThroughput: 0, uploadThroughput: 0 };
    await this.#call('Network.enable', {});
    await this.#call('Network.emulateNetworkConditions', { offline: true, ...nothing });
  }

  /** The value of an expression in the page, once it is settled. @throws what it throws there */
  async evaluate(expression: string): Promise<unknown> {
    const options = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await this.#call('Runtime.evaluate', options);
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return typeof result === 'object' && result !== null && 'value' in result
      ? result.value
      : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#closed;
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }

  #call(method: string, params: object): Promise<Record<string, unknown>> {
    const id = ++this.#number;
    const answered = new Promise<Record<string, unknown>>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
    });
    const session = this.#session === undefined ? {} : { sessionId: this.#session };
    this.commands.write(`${JSON.stringify({ id, method, params, ...session })}\0`);
    return answered;
  }

  /** Messages end with a zero byte. Events are passed over. */
  #read(text: string): void {
    const messages = (this.#rest + text).split('\0');
    this.#rest = messages.pop() ?? '';
    for (const message of messages) {
      const { id, result, error } = JSON.parse(message);
      const waiting = this.#waiting.get(id);
      if (waiting === undefined) continue;
      this.#waiting.delete(id);
      if (error === undefined) waiting.resolve(result);
      else waiting.reject(new Error(JSON.stringify(error)));
    }
  }
}
