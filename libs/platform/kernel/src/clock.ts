/** Where time comes from. Injected, so that a test moves time itself instead of waiting for it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. May step backwards, as real clocks do. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** A clock that moves only when told to. */
export class ManualClock implements Clock {
  constructor(private nowMs = 0) {}

  now(): number {
    return this.nowMs;
  }

  /** Moves time by `ms`; a negative number steps it back. */
  advance(ms: number): void {
    this.nowMs += ms;
  }
}
