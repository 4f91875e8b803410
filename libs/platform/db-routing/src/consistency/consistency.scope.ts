import type { Clock } from '@fourfold/kernel';
import type { ReplicationDialect } from '../engine/replication.dialect.js';
import type { CommitListener } from '../pool/commit.watch.js';
import { ANY_AGE, type Freshness } from './freshness.js';

export interface ScopeOptions {
  dialect: ReplicationDialect;
  clock: Clock;
  /** How long reads go to the primary after a write whose GTID is not known. */
  windowMs: number;
  /** Told after each write what the scope asks for now. */
  onWrite?: ((freshness: Freshness) => void) | undefined;
  /** Of a request, whose caller waits: when it came, by `performance.now()`. */
  requestedMs?: number | undefined;
}

/** For a request that has been long at work: it may still need a connection, and the next one is not far if all is well. */
const LEAST_WAIT_MS = 250;

/**
 * What one request (or one job) has to see: what it came with, and what it has written since. Writes that commit at the
 * same time merge, in any order.
 */
export class ConsistencyScope implements CommitListener {
  /** Transactions that are open now. */
  transactions = 0;
  /** Of `CarriedWrites`: what the caller came with, once it is learnt, and what the request has added. */
  notes: readonly unknown[] = [];
  private current: Freshness;
  /** An answer that may be older than the last write has been given to it. */
  gotOld = false;
  private hasWritten = false;

  constructor(
    private readonly options: ScopeOptions,
    required: Freshness = ANY_AGE,
    /** What the token has brought for `CarriedWrites`; empty: nothing. */
    readonly carried: string = '',
  ) {
    this.current = required;
  }

  get freshness(): Freshness {
    return this.current;
  }

  get wrote(): boolean {
    return this.hasWritten;
  }

  note(note: unknown): void {
    this.notes = [...this.notes, note];
  }

  committed(gtid: string): void {
    const position = this.options.dialect.merge(this.current.position, gtid);
    this.written({ ...this.current, position });
  }

  committedUnseen(): void {
    const { clock, windowMs } = this.options;
    const primaryUntilMs = Math.max(this.current.primaryUntilMs, clock.now() + windowMs);
    this.written({ ...this.current, primaryUntilMs });
  }

  /** What is left of the `deadlineMs` for connections, which all steps of one request share. */
  waitMs(deadlineMs: number): number {
    const { requestedMs } = this.options;
    if (requestedMs === undefined) return deadlineMs;
    return Math.max(Math.min(LEAST_WAIT_MS, deadlineMs), requestedMs + deadlineMs - performance.now());
  }

  /** Whether there is a write that its reads have to see. */
  get mustSeeWrites(): boolean {
    return this.current.position !== '' || this.isPrimaryOnly || this.transactions > 0;
  }

  /** Whether only the primary will do now. */
  get isPrimaryOnly(): boolean {
    return this.current.primaryUntilMs > 0 && this.current.primaryUntilMs > this.options.clock.now();
  }

  private written(freshness: Freshness): void {
    this.hasWritten = true;
    this.current = freshness;
    this.options.onWrite?.(freshness);
  }
}
