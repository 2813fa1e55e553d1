import { Socket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Clock, Timer } from '../../../src/base/host.js';
import { TransferWatch } from '../../../src/http/guards.js';

const watching = suite('transfers that stand still');

/** Time that passes only when told to. */
class StillClock implements Clock {
  #nowMs = 0;
  #timers: { atMs: number; action: () => void }[] = [];

  nowUnixMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, action: () => void): Timer {
    const timer = { atMs: this.#nowMs + delayMs, action };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve));
  }

  pass(durationMs: number): void {
    const endMs = this.#nowMs + durationMs;
    for (;;) {
      const [next] = this.#timers.sort((a, b) => a.atMs - b.atMs);
      if (next === undefined || next.atMs > endMs) break;
      this.#nowMs = next.atMs;
      this.#timers.shift();
      next.action();
    }
    this.#nowMs = endMs;
  }

  get timersCount(): number {
    return this.#timers.length;
  }
}

const windowMs = 1_000;
const enoughBytes = 64 * 1024;

function aTransfer() {
  const clock = new StillClock();
  const watch = new TransferWatch(clock, windowMs);
  const socket = new Socket();
  return { clock, socket, transfer: watch.begin(() => socket.destroy()) };
}

watching('faults 99: a client that sends nothing is cut off', () => {
  const { clock, socket, transfer } = aTransfer();
  transfer.waits();
  clock.pass(windowMs * 2);
  assert.ok(socket.destroyed);
});

watching('faults 99: a client that drips bytes is cut off too', () => {
  const { clock, socket, transfer } = aTransfer();
  for (let step = 0; step < 40; step += 1) {
    transfer.waits();
    clock.pass(windowMs / 10);
    transfer.moved(1);
  }
  assert.ok(socket.destroyed);
});

watching('a client that keeps on sending enough is left alone', () => {
  const { clock, socket, transfer } = aTransfer();
  for (let step = 0; step < 100; step += 1) {
    transfer.waits();
    clock.pass(windowMs / 2);
    transfer.moved(enoughBytes);
  }
  assert.not.ok(socket.destroyed);
});

watching('time in which the store is waited for does not count', () => {
  const { clock, socket, transfer } = aTransfer();
  transfer.waits();
  transfer.moved(1);
  clock.pass(windowMs * 100);
  assert.not.ok(socket.destroyed);
});

watching('an ended transfer is forgotten, and no timer is left', () => {
  const { clock, socket, transfer } = aTransfer();
  transfer.waits();
  transfer.end();
  clock.pass(windowMs * 10);
  assert.not.ok(socket.destroyed);
  assert.is(clock.timersCount, 0);
});

watching.run();
