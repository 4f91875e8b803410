import { PoolExhaustedError } from '../errors.js';

export type Leave = () => void;

/** A read that may go to the primary in place of a replica. The gate calls exactly one of the three, once. */
export interface Visitor {
  /** @param leave to be called when the connection is back */
  enter(leave: Leave): void;
  refuse(error: PoolExhaustedError): void;
  /** The read is called out of the line: a replica may be able to answer it now. */
  reconsider(): void;
}

interface Turn {
  visitor: Visitor;
  timer: NodeJS.Timeout;
}

/**
 * Bounds the reads that the primary answers in place of replicas, so that writes keep their connections when every replica
 * is gone. A read that finds it full waits in line.
 */
export class FallbackGate {
  private inside = 0;
  private line: Turn[] = [];

  constructor(
    private readonly limit: number,
    private readonly lineLimit: number,
    private readonly dependency?: string,
  ) {}

  get waiting(): number {
    return this.line.length;
  }

  get used(): number {
    return this.inside;
  }

  /** Refused with a PoolExhaustedError after `withinMs`, or at once where the line is full. */
  enter(withinMs: number, visitor: Visitor): void {
    if (this.inside < this.limit) {
      this.inside += 1;
      visitor.enter(this.leaveOnce());
      return;
    }
    if (this.line.length >= this.lineLimit || withinMs <= 0) {
      visitor.refuse(this.full());
      return;
    }
    const timer = setTimeout(() => {
      this.line = this.line.filter((other) => other !== turn);
      visitor.refuse(this.full(withinMs));
    }, withinMs);
    const turn: Turn = { visitor, timer };
    this.line.push(turn);
  }

  /** Has the first `count` in line reconsider; they are in line no more. */
  callOut(count: number): void {
    for (const { visitor, timer } of this.line.splice(0, count)) {
      clearTimeout(timer);
      visitor.reconsider();
    }
  }

  private leaveOnce(): Leave {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const next = this.line.shift();
      if (next) {
        clearTimeout(next.timer);
        next.visitor.enter(this.leaveOnce());
      } else this.inside -= 1;
    };
  }

  private full(waitedMs?: number): PoolExhaustedError {
    const cause = new Error(`${this.limit} reads are on the primary in place of replicas already`);
    return new PoolExhaustedError('the primary, for reads', waitedMs, { cause, dependency: this.dependency });
  }
}
