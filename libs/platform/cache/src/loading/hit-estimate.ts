/** Weight of the last read. */
const WEIGHT = 1 / 16;
/**
 * A plain read that misses costs a second round trip; the script costs a hit a fifth of one. They break even where
 * (1 - share) = share / 5.
 */
const BREAK_EVEN = 0.83;

/** How likely a plain read of Redis is to do for the next one: an exponentially weighted share of the last ones. */
export class HitEstimate {
  private share = 1;

  get isLikely(): boolean {
    return this.share > BREAK_EVEN;
  }

  note(hit: boolean): void {
    this.share += WEIGHT * (Number(hit) - this.share);
  }
}
