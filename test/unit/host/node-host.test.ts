import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeHost } from '../../../src/host/node-host.js';

const it = suite('node host');
const { clock, random } = nodeHost(tmpdir());

it('hands out random bytes that share nothing with one another', () => {
  const seen = new Set<string>();
  for (let round = 0; round < 2000; round++) {
    const salt = random.bytes(16);
    assert.is(salt.length, 16);
    seen.add(Buffer.from(salt).toString('hex'));
    salt.fill(0); // the caller owns it: must not reach the next salt
  }
  assert.is(seen.size, 2000);
});

it('serves any count of random bytes', () => {
  for (const countBytes of [0, 1, 1023, 1024, 1025, 100_000]) {
    const bytes = random.bytes(countBytes);
    assert.is(bytes.length, countBytes);
    if (countBytes > 1000) assert.ok(new Set(bytes).size > 200, 'not a constant');
  }
});

it('runs an action once after its delay, and never after cancel', async () => {
  let runCount = 0;
  const cancelled = clock.after(0, () => runCount++);
  cancelled.cancel();
  cancelled.cancel();
  const keepAlive = setInterval(() => undefined, 1000); // the clock's own timers do not
  await new Promise<void>((resolve) => clock.after(1, resolve));
  clearInterval(keepAlive);
  assert.is(runCount, 0);
});

it('does not run an action of the far future at once', async () => {
  let ran = false;
  const far = clock.after(2 ** 31 + 5, () => {
    ran = true;
  });
  const keepAlive = setInterval(() => undefined, 1000);
  await new Promise<void>((resolve) => clock.after(5, resolve));
  clearInterval(keepAlive);
  far.cancel();
  assert.not.ok(ran);
});

it('keeps a process alive that waits for nothing else', () => {
  const url = new URL('../../../src/host/node-clock.js', import.meta.url);
  const program = `import { nodeClock } from '${url}'; await nodeClock.wait(1); console.log('on');`;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', program]);
  assert.is(said.toString(), 'on\n'); // else node ends it with code 13
});

it('counts wall time in milliseconds since 1970 and monotonic time forward', () => {
  assert.ok(clock.nowUnixMs() > Date.UTC(2024, 0, 1));
  const before = clock.monotonicMs();
  assert.ok(clock.monotonicMs() >= before);
});

it.run();
