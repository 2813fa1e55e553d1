import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { answerQuestions, type Figures } from './other-process.js';

const RESOLUTION_MS = 1;

/**
 * Lets the process that started a server read its gauges: `port` once; then `begin` and, for what
 * happened since, `end`.
 */
export function gaugeServer(port: number, close: () => Promise<void>): void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  let cpuBefore = process.cpuUsage();
  let loopBefore = performance.eventLoopUtilization();
  const end = (): Figures => {
    delay.disable();
    const { user, system } = process.cpuUsage(cpuBefore);
    return {
      cpuMs: (user + system) / 1000,
      loopShare: performance.eventLoopUtilization(loopBefore).utilization,
      // What is recorded is the time between two ticks of a timer.
      loopDelayP99Ms: Math.max(0, delay.percentile(99) / 1e6 - RESOLUTION_MS),
      loopDelayMaxMs: Math.max(0, delay.max / 1e6 - RESOLUTION_MS),
      rssBytes: process.memoryUsage.rss(),
    };
  };
  answerQuestions({
    port: () => ({ port }),
    begin() {
      delay.reset();
      delay.enable();
      cpuBefore = process.cpuUsage();
      loopBefore = performance.eventLoopUtilization();
      return {};
    },
    end,
    async close() {
      await close();
      return {};
    },
  });
}
