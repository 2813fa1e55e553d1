import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
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
  url = '';
  /** All that it has logged so far, and all that it has told people. */
  log = '';
  told = '';
  readonly ended: Promise<void>;

  private constructor(readonly child: ChildProcess) {
    this.ended = once(child, 'close').then(() => undefined);
  }

  /** @returns when it listens, or when it has ended without: then `url` is empty */
  static async start(args: readonly string[], env?: Environment): Promise<Served> {
    const child = spawn(process.execPath, [logstoreScript, 'serve', '--port', '0', ...args], {
      env: environment(env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const served = new Served(child);
    await Promise.race([served.#listening(), served.ended]);
    return served;
  }

  get pid(): number {
    return this.child.pid ?? 0;
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

  #listening(): Promise<void> {
    const { stdout, stderr } = this.child;
    if (stdout === null || stderr === null) throw new Error('both are pipes');
    stderr.on('data', (chunk: Buffer) => {
      this.told += chunk;
    });
    return new Promise((resolve) => {
      createInterface(stdout).on('line', (line) => {
        this.log += `${line}\n`;
        const url = line.startsWith('{') ? urlOf(JSON.parse(line)) : undefined;
        if (url === undefined) return;
        this.url = url;
        resolve();
      });
    });
  }
}

function urlOf(line: unknown): string | undefined {
  if (typeof line !== 'object' || line === null || !('url' in line) || !('msg' in line))
    return undefined;
  return line.msg === 'listening' && typeof line.url === 'string' ? line.url : undefined;
}

function environment(added: Environment = {}): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(LOGSTORE|AWS)_/.test(name));
  return { ...Object.fromEntries(own), ...added };
}
