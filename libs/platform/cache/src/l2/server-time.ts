/**
 * What the clock of Redis says, as far as we know: it was read when we connected, and with each fill. By our own clock
 * that never jumps, so between two looks it is off by what the two clocks drift apart.
 */
export class ServerTime {
  private offsetMs = 0;

  set(nowMs: number): void {
    this.offsetMs = nowMs - performance.now();
  }

  /** Unix ms. */
  now(): number {
    return performance.now() + this.offsetMs;
  }
}
