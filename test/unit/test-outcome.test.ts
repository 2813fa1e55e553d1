import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readOutcome } from '../test-outcome.js';

const it = suite('test outcome');

function summary(total: number, passed: number, skipped = 0): string {
  return `\n  Total:     ${total}\n  Passed:    ${passed}\n  Skipped:   ${skipped}\n  Duration:  3ms\n`;
}

it('counts what passed, failed and was skipped', () => {
  const { problem, ...counts } = readOutcome(summary(7, 5, 2), 1);
  assert.is(problem, undefined);
  assert.equal(counts, { passedCount: 5, failedCount: 2, skippedCount: 2, skipReasons: [] });
});

it('fails a file that ends well without a total', () => {
  const outcome = readOutcome('all is fine\n', 0);
  assert.is(outcome.failedCount, 1);
  assert.match(String(outcome.problem), '.run()');
});

it('fails a file without a test', () => {
  assert.is(readOutcome(summary(0, 0), 0).failedCount, 1);
});

it('fails a file whose exit code and summary disagree', () => {
  assert.is(readOutcome(summary(3, 3), 1).failedCount, 1);
  assert.is(readOutcome(summary(3, 2), 0).failedCount, 2);
});

it('fails a file that a signal ended, even after its summary', () => {
  assert.is(readOutcome(summary(3, 3), 'SIGKILL').failedCount, 1);
});

it('counts a test that says SKIPPED as skipped, not as passed', () => {
  const outcome = readOutcome(` disk • • SKIPPED: cannot mount\n• (3 / 3)\n${summary(3, 3)}`, 0);
  assert.is(outcome.passedCount, 2);
  assert.is(outcome.skippedCount, 1);
  assert.equal(outcome.skipReasons, ['cannot mount']);
  assert.is(outcome.failedCount, 0);
});

it('is not misled by a summary that a test prints before the real one', () => {
  assert.is(readOutcome(summary(9, 9) + summary(3, 1), 1).failedCount, 2);
});

it.run();
