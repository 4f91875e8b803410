/** Draws indexes with given weights, in logarithmic time. */
export class WeightedChoice {
  private readonly cumulative: Float64Array;

  constructor(weights: ArrayLike<number>) {
    let sum = 0;
    this.cumulative = Float64Array.from(weights, (weight) => (sum += weight));
  }

  /** Zipf's law: the n-th of `count`, from 1, has the weight n^-exponent. */
  static zipf(count: number, exponent: number): WeightedChoice {
    return new WeightedChoice(Float64Array.from({ length: count }, (_, index) => (index + 1) ** -exponent));
  }

  get total(): number {
    return this.cumulative.at(-1) ?? 0;
  }

  /** @param at in [0, 1) */
  pick(at: number): number {
    const wanted = at * this.total;
    let [low, high] = [0, this.cumulative.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.cumulative[middle]! > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The share of the weight that the first `count` have. */
  shareOfFirst(count: number): number {
    return count === 0 ? 0 : this.cumulative[count - 1]! / this.total;
  }
}
