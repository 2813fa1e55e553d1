/** What one test file came to. */
export interface TestOutcome {
  readonly passedCount: number;
  readonly failedCount: number;
  readonly skippedCount: number;
  /** Why tests were skipped, as they said it: `SKIPPED: reason`. */
  readonly skipReasons: readonly string[];
  /** Why the file failed as a whole, beside its failed tests. */
  readonly problem: string | undefined;
}

/**
 * Reads what a test file printed. Exit code 0 is not enough: a file that never calls `.run()`, or
 * that waits for something that never comes, ends with 0 and has tested nothing.
 * @param exit exit code, or the signal that ended the process
 */
export function readOutcome(output: string, exit: number | string): TestOutcome {
  const totalCount = counted(output, 'Total');
  const doneCount = counted(output, 'Passed') ?? 0;
  const skipReasons = [...output.matchAll(/SKIPPED: (.*)/g)].map((match) => match[1] ?? '');
  // A test that finds at run time what it lacks returns early: uvu counts it as passed.
  const passedCount = Math.max(0, doneCount - skipReasons.length);
  const skippedCount = (counted(output, 'Skipped') ?? 0) + skipReasons.length;
  const testsFailed = Math.max(0, (totalCount ?? 0) - doneCount);
  const problem = problemOf(totalCount, testsFailed, exit);
  const failedCount = testsFailed + (problem === undefined ? 0 : 1);
  return { passedCount, failedCount, skippedCount, skipReasons, problem };
}

function problemOf(
  totalCount: number | undefined,
  testsFailed: number,
  exit: number | string,
): string | undefined {
  if (typeof exit === 'string') return `ended by ${exit}`;
  if (totalCount === undefined) return `exit code ${exit} without a total: is .run() missing?`;
  if (totalCount === 0) return 'it holds no test';
  if (exit !== 0 && testsFailed === 0) return `exit code ${exit} though no test failed`;
  if (exit === 0 && testsFailed > 0) return 'exit code 0 though tests failed';
  return undefined;
}

/** The number in the last line `  label:   number` of uvu's summary. */
function counted(output: string, label: string): number | undefined {
  const lines = [...output.matchAll(new RegExp(`^ {2}${label}: +(\\d+)$`, 'gm'))];
  const last = lines.at(-1)?.[1];
  return last === undefined ? undefined : Number(last);
}
