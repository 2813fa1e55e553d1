import type { Figure } from './figure.js';

const ROUNDS = 5;

/** One way of doing the work; gives its figure: a rate, or a time. */
export type Side = () => Promise<number>;

/** What a side's rounds gave, in order. */
export type Samples<Name extends string> = (side: Name) => readonly number[];

/**
 * Runs all sides in turn, round after round, so that whatever else the machine does hits them
 * alike; another side begins each round. One round before the first is not counted: it warms up.
 */
export async function alternate<Name extends string>(
  sides: Readonly<Record<Name, Side>>,
  rounds = ROUNDS,
): Promise<Samples<Name>> {
  const names: Name[] = [];
  for (const name in sides) names.push(name);
  const samples = new Map<Name, number[]>();
  for (let round = -1; round < rounds; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(round + 1 + turn) % names.length];
      if (name === undefined) continue;
      const value = await sides[name]();
      if (round >= 0) samples.set(name, [...(samples.get(name) ?? []), value]);
    }
  }
  return (side) => samples.get(side) ?? [];
}

/** The median of each side, and the median of the ratios that the rounds gave. */
export function compared(
  values: readonly number[],
  baselines: readonly number[],
): Pick<Figure, 'value' | 'baseline' | 'ratio'> {
  const ratios = values.map((value, round) => value / (baselines[round] ?? Number.NaN));
  return { value: median(values), baseline: median(baselines), ratio: median(ratios) };
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The smallest value that at least this share of all values does not pass. */
export function quantile(values: ArrayLike<number>, share: number): number {
  const sorted = Float64Array.from(values).sort();
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
}
