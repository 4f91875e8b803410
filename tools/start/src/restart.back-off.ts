/** How long to wait before an app that died is started again: doubling, and from the start after a good while up. */
export class RestartBackOff {
  static readonly firstMs = 500;
  static readonly longestMs = 10_000;
  /** An app that ran this long has recovered; what ends it now is a new story. */
  static readonly settledMs = 30_000;

  private deaths = 0;

  /** @param upMs how long the app had been running when it died. */
  next(upMs: number): number {
    if (upMs >= RestartBackOff.settledMs) this.deaths = 0;
    return Math.min(RestartBackOff.longestMs, RestartBackOff.firstMs * 2 ** this.deaths++);
  }

  reset(): void {
    this.deaths = 0;
  }
}
