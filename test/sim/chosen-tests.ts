interface Tests {
  (name: string, test: () => Promise<void> | void): void;
  run(): void;
}

/**
 * The tests of a suite whose name holds LOGSTORE_TEST_ONLY, where the environment says so: a plant
 * is shown to be found by one test, without the others.
 */
export function chosen(tests: Tests): Tests {
  const { LOGSTORE_TEST_ONLY: only } = process.env;
  if (only === undefined) return tests;
  const add = (name: string, test: () => Promise<void> | void) => {
    if (name.includes(only)) tests(name, test);
  };
  return Object.assign(add, { run: () => tests.run() });
}
