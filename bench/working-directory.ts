import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** On the disk that is to be measured: LOGSTORE_BENCH_DIR, else that of temporary files. */
const parent = process.env.LOGSTORE_BENCH_DIR ?? tmpdir();

/** A directory that is gone afterwards. */
export async function inWorkingDirectory<T>(action: (path: string) => Promise<T>): Promise<T> {
  const path = await mkdtemp(join(parent, 'logstore-bench-'));
  try {
    return await action(path);
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}
