import { type KeptPair, leastOf } from '../counting/kept-pairs.policy.js';

/** The pairs of one product in memory, with the bounds that the test or the bench gives: what the store keeps in its tables. */
export class KeptPairsModel {
  private pairs = new Map<string, { orders: number; missed: number }>();
  mostMissed = 0;

  constructor(
    private readonly kept: number,
    private readonly most: number,
  ) {}

  add(otherId: string): void {
    const pair = this.pairs.get(otherId);
    if (pair) pair.orders += 1;
    else this.pairs.set(otherId, { orders: 1, missed: this.mostMissed });
    if (this.pairs.size <= this.most) return;
    const { forgotten, mostMissed } = leastOf(this.all(), this.kept);
    for (const one of forgotten) this.pairs.delete(one.otherId);
    this.mostMissed = Math.max(this.mostMissed, mostMissed);
  }

  all(): KeptPair[] {
    return Array.from(this.pairs, ([otherId, pair]) => ({ otherId, ...pair }));
  }
}
