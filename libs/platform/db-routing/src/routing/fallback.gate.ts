import { PoolExhaustedError } from '../errors.js';

export type Leave = () => void;

interface Turn {
  enter(leave: Leave): void;
  timer: NodeJS.Timeout;
}

/**
 * Bounds the reads that the primary answers in place of replicas, so that writes keep their connections when every replica
 * is gone. Whoever finds it full waits in line.
 */
export class FallbackGate {
  private inside = 0;
  private line: Turn[] = [];

  constructor(
    private readonly limit: number,
    private readonly lineLimit: number,
  ) {}

  get waiting(): number {
    return this.line.length;
  }

  get used(): number {
    return this.inside;
  }

  /** Calls back once: with what to call when the connection is back, or with a PoolExhaustedError after `withinMs`. */
  enter(withinMs: number, callback: (error: Error | null, leave: Leave) => void): void {
    if (this.inside < this.limit) {
      this.inside += 1;
      callback(null, this.leaveOnce());
      return;
    }
    if (this.line.length >= this.lineLimit || withinMs <= 0) {
      callback(this.full(withinMs), () => {});
      return;
    }
    const turn: Turn = {
      enter: (leave) => callback(null, leave),
      timer: setTimeout(() => {
        this.line = this.line.filter((other) => other !== turn);
        callback(this.full(withinMs), () => {});
      }, withinMs),
    };
    this.line.push(turn);
  }

  private leaveOnce(): Leave {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const next = this.line.shift();
      if (next) {
        clearTimeout(next.timer);
        next.enter(this.leaveOnce());
      } else this.inside -= 1;
    };
  }

  private full(withinMs: number): Error {
    const cause = new Error(`${this.limit} reads are on the primary in place of replicas already`);
    return new PoolExhaustedError('the primary, for reads', Math.round(withinMs), cause);
  }
}
