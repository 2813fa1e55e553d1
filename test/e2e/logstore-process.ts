import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** The command as it was built beside this test. */
export const logstoreScript = fileURLToPath(new URL('../../tools/logstore.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

type Environment = Readonly<Record<string, string>>;

/** `npm run test:ledger`: every server that a test starts has a ledger, unless it says otherwise. */
export const ledgerEnvironment: Environment =
  process.env.LOGSTORE_TEST_LEDGER === undefined
    ? {}
    : { LOGSTORE_LEDGER: 'on', LOGSTORE_LEDGER_INTERVAL: '200ms' };

/** Runs `logstore ARGS` to its end. What the caller's shell has set for it does not reach it. */
export async function logstore(
  args: readonly string[],
  options: { readonly input?: Uint8Array | string; readonly env?: Environment } = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [logstoreScript, ...args], {
    env: environment(options.env),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => {}); // it may end without reading what it is given
  child.stdin.end(options.input ?? '');
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  await once(child, 'close');
  const { exitCode: code, signalCode: signal } = child;
  return { code, signal, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() };
}

/** A server in a process of its own; killed with SIGKILL where the test leaves it running. */
export class Served implements AsyncDisposable {
  /** All that it has logged so far, and all that it has told people. */
  log = '';
  told = '';
  readonly ended: Promise<void>;
  readonly #lines: Interface;

  private constructor(readonly child: ChildProcessByStdio<null, Readable, Readable>) {
    this.ended = once(child, 'close').then(() => undefined);
    child.stderr.on('data', (chunk: Buffer) => {
      this.told += chunk;
    });
    this.#lines = createInterface(child.stdout);
    this.#lines.on('line', (line) => {
      this.log += `${line}\n`;
    });
  }

  static spawn(
    args: readonly string[],
    env?: Environment,
    command: readonly string[] = ['serve'],
  ): Served {
    const argv = [logstoreScript, ...command, '--port', '0', ...args];
    return new Served(
      spawn(process.execPath, argv, {
        env: environment({ ...ledgerEnvironment, ...env }),
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
  }

  /** @returns when it listens, or when it has ended without: then `url` is empty */
  static async start(
    args: readonly string[],
    env?: Environment,
    command?: readonly string[],
  ): Promise<Served> {
    const served = Served.spawn(args, env, command);
    await served.logged('"listening"');
    return served;
  }

  /** Like `start`, with no more than `handlesMax` files and connections open at once. */
  static async startWithin(
    handlesMax: number,
    args: readonly string[],
    env?: Environment,
  ): Promise<Served> {
    const limited = `ulimit -n ${handlesMax} && exec "$0" "$@"`;
    const argv = [process.execPath, logstoreScript, 'serve', '--port', '0', ...args];
    const served = new Served(
      spawn('sh', ['-c', limited, ...argv], {
        env: environment({ ...ledgerEnvironment, ...env }),
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
    await served.logged('"listening"');
    return served;
  }

  /** Where it listens; empty while it does not. */
  get url(): string {
    return /"url":"([^"]+)"/.exec(this.log)?.[1] ?? '';
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Resolves when a line of the log holds `text`, or when the process has ended. */
  async logged(text: string): Promise<void> {
    const found = new Promise<void>((resolve) => {
      const look = () => {
        if (!this.log.includes(text)) return;
        this.#lines.off('line', look);
        resolve();
      };
      this.#lines.on('line', look);
      look();
    });
    await Promise.race([found, this.ended]);
  }

  /** Sends a signal and waits for the end. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.child.kill(signal);
    await this.ended;
    return this.child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGKILL'); // ends a stopped process as well
    await this.ended;
  }
}

/** Of this process, without settings for the store and for S3 clients; and what is added. */
export function environment(added: Environment = {}): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(LOGSTORE|AWS)_/.test(name));
  return { ...Object.fromEntries(own), ...added };
}
