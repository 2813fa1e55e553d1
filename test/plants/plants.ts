import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A mistake as a patch of the source, and the test that must find it. */
export interface Plant {
  /** `test/plants/NAME.patch` */
  readonly patch: string;
  /** Below `test/`, without its ending. */
  readonly file: string;
  /** Part of the test's name. */
  readonly test: string;
}

const inSync = 'sim/faults-sync.test';
const inTail = 'sim/faults-tail.test';
const inCrash = 'sim/log-crash.test';
const inSnapshot = 'sim/faults-snapshot.test';
const inStore = 'sim/faults-store.test';
const inCompaction = 'sim/compaction-cases.test';

export const plants: readonly Plant[] = [
  { patch: 'acknowledge-before-sync', file: inSync, test: 'faults 36' },
  { patch: 'answer-from-unsynced-state', file: inStore, test: 'faults 36' },
  { patch: 'skip-directory-sync', file: inCrash, test: 'faults 1, 2: what was acknowledged' },
  { patch: 'cut-at-first-bad-record', file: inTail, test: 'faults 6: a commit' },
  { patch: 'cut-at-damaged-batch-header', file: inTail, test: 'faults 48' },
  { patch: 'extend-the-torn-file', file: inCrash, test: 'faults 1, 2: what was acknowledged' },
  { patch: 'void-the-old-file-first', file: inCrash, test: 'faults 11, 13' },
  { patch: 'go-on-after-a-failed-sync', file: inSync, test: 'faults 23, 26' },
  { patch: 'believe-the-page-cache', file: inSync, test: 'faults 23: what a failed sync left' },
  { patch: 'believe-one-manifest-copy', file: inSync, test: 'either copy of the manifest' },
  { patch: 'trust-any-snapshot', file: inSnapshot, test: 'faults 62' },
  {
    patch: 'believe-a-snapshot-is-the-end',
    file: inSnapshot,
    test: 'faults 60: an older snapshot',
  },
  { patch: 'overwrite-without-its-removal', file: inStore, test: 'faults 64, 67' },
  { patch: 'drop-every-removal', file: inCompaction, test: 'faults 64' },
  { patch: 'forget-what-is-admitted', file: inCompaction, test: 'faults 65' },
  { patch: 'compact-before-the-proof', file: inCompaction, test: 'faults 63' },
  {
    patch: 'use-a-snapshot-before-a-dropped-removal',
    file: inCompaction,
    test: 'faults 64, 68',
  },
  { patch: 'unlink-while-somebody-reads', file: inCompaction, test: 'faults 66' },
  { patch: 'drop-what-is-under-way', file: inCompaction, test: 'a body that is still' },
];

const projectRoot = fileURLToPath(new URL('../../..', import.meta.url));
const copied = ['src', 'test', 'package.json'];

/** A copy of source and tests in a place of its own, where mistakes are planted and pulled out. */
export class PlantBed implements AsyncDisposable {
  private constructor(private readonly path: string) {}

  static async make(): Promise<PlantBed> {
    const path = await mkdtemp(join(tmpdir(), 'logstore-plants-'));
    for (const each of copied)
      await cp(join(projectRoot, each), join(path, each), { recursive: true });
    await symlink(join(projectRoot, 'node_modules'), join(path, 'node_modules'));
    // The tests in question, what they import, and what is started rather than imported.
    const files = [...new Set(plants.map(({ file }) => `test/${file}.ts`))];
    const base = join(projectRoot, 'tsconfig.json');
    const options = { extends: base, files, include: ['src/workers'] };
    const compilerOptions = { rootDir: '.', outDir: 'dist', tsBuildInfoFile: 'dist/.tsbuildinfo' };
    const config = { ...options, compilerOptions: { ...compilerOptions, sourceMap: false } };
    await writeFile(join(path, 'tsconfig.json'), JSON.stringify(config));
    return new PlantBed(path);
  }

  /** @throws Error with what the compiler says */
  async compile(): Promise<void> {
    const tsc = join(projectRoot, 'node_modules/typescript/bin/tsc');
    const { code, output } = await this.#run(process.execPath, [tsc, '-p', 'tsconfig.json']);
    if (code !== 0) throw new Error(`the copy does not compile:\n${output}`);
  }

  /** @throws Error if the patch does not fit the source any more */
  async apply(patch: string, ...options: string[]): Promise<void> {
    const file = join(projectRoot, 'test/plants', `${patch}.patch`);
    const args = ['apply', '-C1', '--recount', ...options, file];
    const { code, output } = await this.#run('git', args);
    if (code !== 0) throw new Error(`${patch}.patch does not fit: bring it up to date\n${output}`);
  }

  /** Runs the one test. */
  async test({ file, test }: Plant): Promise<{ passed: boolean; output: string }> {
    const env = { ...process.env, LOGSTORE_TEST_ONLY: test };
    const script = join('dist/test', `${file}.js`);
    const { code, output } = await this.#run(process.execPath, [script], env);
    // A test that was renamed is not there: neither passed nor failed.
    if (/Total: +0/.test(output)) throw new Error(`${file} has no test '${test}'`);
    return { passed: code === 0, output };
  }

  #run(
    command: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv = process.env,
  ): Promise<{ code: number; output: string }> {
    // git must not take the copy for a part of a repository that lies around it.
    const options = {
      cwd: this.path,
      env: { ...env, GIT_CEILING_DIRECTORIES: dirname(this.path) },
      maxBuffer: 64 * 1024 ** 2,
    };
    return new Promise((resolve) => {
      execFile(command, args, options, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ code, output: stdout + stderr });
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}
