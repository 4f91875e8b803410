/** Numbers in [0, 1), as `seeded` gives them. */
export type Random = () => number;

/** @returns a whole number of `from` to `to`, both included */
export function wholeNumber(random: Random, from: number, to: number): number {
  return from + Math.floor(random() * (to - from + 1));
}

export function oneOf<T>(random: Random, choices: readonly T[]): T {
  return choices[wholeNumber(random, 0, choices.length - 1)]!;
}

/** Fisher–Yates. */
export function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const other = wholeNumber(random, 0, last);
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
}
