import type { Clock } from '@fourfold/kernel';

/** The machine's clock, set wrong by as much as it was stepped. */
export class SteppingClock implements Clock {
  private offsetMs = 0;

  now(): number {
    return Date.now() + this.offsetMs;
  }

  step(ms: number): void {
    this.offsetMs += ms;
  }
}
