import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Something that the project promises, shown on the real thing. */
export interface Demonstration {
  readonly name: string;
  /** One sentence: what is seen when it ends well. */
  readonly shows: string;
  /** How it is run in full, where that is not `npm run show -- NAME`. */
  readonly full?: string;
  /** Throws when the promise is not kept. @param args what follows the name on the command line */
  readonly run: (args: readonly string[]) => Promise<void>;
}

export function say(text: string): void {
  console.log(`--- ${text}`);
}

export function check(condition: unknown, promise: string): asserts condition {
  if (!condition) throw new Error(`not kept: ${promise}`);
  say(`yes: ${promise}`);
}

/** Runs a command whose output is shown. @throws Error unless it ends with 0 */
export async function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  say(`${command} ${args.join(' ')}`);
  const child = spawn(command, args, { cwd, env, stdio: 'inherit' });
  await once(child, 'close');
  if (child.exitCode !== 0)
    throw new Error(
      `${command} ${args.join(' ')}: ended with ${child.signalCode ?? child.exitCode}`,
    );
}

/** A directory that is gone afterwards. */
export async function inTemporaryDirectory(action: (path: string) => Promise<void>): Promise<void> {
  const path = await mkdtemp(join(tmpdir(), 'logstore-show-'));
  try {
    await action(path);
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}
