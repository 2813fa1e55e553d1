/** One number that a bench found, beside the one it is held against. */
export interface Figure {
  /** Of the bench, and behind a slash which of its numbers. */
  readonly bench: string;
  readonly value: number;
  /** Of the same run; null where the target is a plain number. */
  readonly baseline: number | null;
  /** Median over rounds of value / baseline. */
  readonly ratio: number | null;
  readonly unit: string;
  /** What is aimed at, for people: `ratio >= 0.65`. Never asserted: machines differ. */
  readonly target?: string | undefined;
  /** What the baseline is, and figures beside this one. */
  readonly note?: string | undefined;
}

/** One question about speed or size. */
export interface Bench {
  readonly name: string;
  readonly asks: string;
  /** @param full with the object counts of the promise instead of quick ones */
  readonly run: (options: { readonly full: boolean }) => Promise<readonly Figure[]>;
}
