const SECONDS = 60;

/** How many reads each node was given in the last minute, counted by second. */
export class RouteShare {
  private readonly counts = new Map<string, { perSecond: Uint32Array; lastSecond: number }>();

  /** @param nowMs milliseconds that only ever grow */
  count(node: string, nowMs: number): void {
    const second = Math.floor(nowMs / 1_000);
    this.upTo(second, node).perSecond[second % SECONDS]! += 1;
  }

  /** Reads of `node` in the last minute. */
  of(node: string, nowMs: number): number {
    const { perSecond } = this.upTo(Math.floor(nowMs / 1_000), node);
    return perSecond.reduce((sum, count) => sum + count, 0);
  }

  /** Seconds in which nothing came still hold what was counted a minute before. */
  private upTo(second: number, node: string): { perSecond: Uint32Array; lastSecond: number } {
    let counts = this.counts.get(node);
    if (!counts) {
      counts = { perSecond: new Uint32Array(SECONDS), lastSecond: second };
      this.counts.set(node, counts);
    }
    for (let stale = Math.max(counts.lastSecond + 1, second - SECONDS + 1); stale <= second; stale += 1) {
      counts.perSecond[stale % SECONDS] = 0;
    }
    counts.lastSecond = Math.max(counts.lastSecond, second);
    return counts;
  }
}
