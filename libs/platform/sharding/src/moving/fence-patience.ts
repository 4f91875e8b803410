const WAIT_MS = { least: 200, most: 3_200 };
/** Of the time that was enough, for the next change: a slow server stays slow for a while. */
const KEPT = 0.8;

/**
 * How long changes of fences may wait for the writes under way: those that come later wait behind them. A change that
 * takes longer, because a transaction stays open or the server is slow, is given up, and the next may take twice as long:
 * at most a third of the time that a write has. Once one was made the next ones may take a little less each.
 */
export class FencePatience {
  private ms = WAIT_MS.least;

  async run<T>(change: (deadlineMs: number) => Promise<T>): Promise<T> {
    const deadlineMs = this.ms;
    this.ms = Math.min(2 * deadlineMs, WAIT_MS.most);
    const done = await change(deadlineMs);
    this.ms = Math.max(WAIT_MS.least, Math.round(KEPT * deadlineMs));
    return done;
  }
}
