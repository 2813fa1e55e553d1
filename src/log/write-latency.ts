const samplesMax = 256;

/** What the last batches took to be written and synced. */
export class WriteLatency {
  readonly #samples = new Float64Array(samplesMax);
  #count = 0;

  note(durationMs: number): void {
    this.#samples[this.#count++ % samplesMax] = durationMs;
  }

  /** Of the last batches, at most 256; 0 before the first. */
  p99Ms(): number {
    const known = this.#samples.slice(0, Math.min(this.#count, samplesMax)).sort();
    return known[Math.floor(known.length * 0.99)] ?? 0;
  }
}
