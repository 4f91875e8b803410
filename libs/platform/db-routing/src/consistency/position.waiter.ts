import type { ReplicationDialect } from '../engine/replication.dialect.js';
import { ask } from '../pool/ask.js';
import type { NodePool } from '../pool/node.pool.js';

interface PositionWait {
  position: string;
  settle(reached: boolean): void;
}

/** The server waits this long at most before it is asked for its position again. */
const SLICE_MS = 50;
const ANSWER_GRACE_MS = 100;
/** Who comes when as many wait already has to look elsewhere at once: a crowd this size is better off in line. */
const MOST_WAITING = 256;

/**
 * What one replica is known to have, and a bounded wait until it has more. All who wait share one probe on a connection
 * of its own: it waits in the server for the one that came first, and then asks how far the replica is, for all.
 */
export class PositionWaiter {
  private known = '';
  private waiting = new Set<PositionWait>();
  private probing = false;
  private closed = false;

  constructor(
    private readonly pool: NodePool,
    private readonly dialect: ReplicationDialect,
  ) {}

  /** Whether the replica is known to have everything up to `position`. */
  covers(position: string): boolean {
    return this.known !== '' && this.dialect.covers(this.known, position);
  }

  /** Not the highest one ever seen: a replica made anew from an older copy has less than it had. */
  learn(position: string): void {
    this.known = position;
    for (const wait of this.waiting) if (this.covers(wait.position)) wait.settle(true);
  }

  /** Nothing is known of it any more. */
  forget(): void {
    this.known = '';
    for (const wait of this.waiting) wait.settle(false);
  }

  /** Resolves with whether the replica reached `position` within `withinMs`. Never rejects. */
  wait(position: string, withinMs: number): Promise<boolean> {
    if (this.covers(position)) return Promise.resolve(true);
    if (this.closed || this.waiting.size >= MOST_WAITING) return Promise.resolve(false);
    return new Promise((resolve) => {
      const settle = (reached: boolean) => {
        clearTimeout(timer);
        this.waiting.delete(wait);
        resolve(reached);
      };
      const wait: PositionWait = { position, settle };
      const timer = setTimeout(() => settle(false), withinMs);
      this.waiting.add(wait);
      void this.probe();
    });
  }

  end(): Promise<unknown> {
    this.closed = true;
    this.forget();
    return new Promise((ended) => this.pool.end(ended));
  }

  private async probe(): Promise<void> {
    if (this.probing) return;
    this.probing = true;
    try {
      for (let first = this.first(); first; first = this.first()) await this.look(first);
    } catch {
      // The health probe says what is wrong with the replica; the waiting reads have other nodes.
      for (const wait of this.waiting) wait.settle(false);
    } finally {
      this.probing = false;
    }
  }

  private first(): PositionWait | undefined {
    const [first] = this.waiting;
    return first;
  }

  private async look(first: PositionWait): Promise<void> {
    const withinMs = SLICE_MS + ANSWER_GRACE_MS;
    await ask(this.pool, { ...this.dialect.waitQuery(first.position, SLICE_MS), withinMs });
    const [row] = await ask(this.pool, { sql: this.dialect.positionQuery, withinMs });
    const position = this.dialect.parse(String(row?.['position'] ?? ''));
    if (position !== undefined) this.learn(position);
  }
}
