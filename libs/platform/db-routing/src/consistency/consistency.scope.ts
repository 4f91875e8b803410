import type { Clock } from '@fourfold/kernel';
import type { ReplicationDialect } from '../engine/replication.dialect.js';
import type { CommitListener } from '../pool/commit.watch.js';
import { ANY_AGE, type Elsewhere, type Freshness, mergeFreshness } from './freshness.js';

/** The application's default cluster: what a request asks of it is the `ConsistencyScope` itself. */
export const DEFAULT_CLUSTER = '';

interface WriteOptions {
  dialect: ReplicationDialect;
  clock: Clock;
  /** How long reads go to the primary after a write whose GTID is not known. */
  windowMs: number;
}

export interface ScopeOptions extends WriteOptions {
  /** Told after each write what the scope asks for now. */
  onWrite?: ((freshness: Freshness, cluster: string, dialect: ReplicationDialect) => void) | undefined;
  /** Of a request, whose caller waits: when it came, by `performance.now()`. */
  requestedMs?: number | undefined;
  /** What it has to see of other clusters. */
  elsewhere?: Elsewhere | undefined;
}

/** For a request that has been long at work: it may still need a connection, and the next one is not far if all is well. */
const LEAST_WAIT_MS = 250;

/**
 * What one request (or one job) has to see of one cluster: what it came with, and what it has written since. Writes
 * that commit at the same time merge, in any order.
 */
export class ClusterScope implements CommitListener {
  /** Transactions that are open now. */
  transactions = 0;
  private current: Freshness;
  private hasWritten = false;

  constructor(
    private readonly writes: WriteOptions,
    required: Freshness,
    private readonly tell: (freshness: Freshness) => void,
  ) {
    this.current = required;
  }

  get freshness(): Freshness {
    return this.current;
  }

  get wrote(): boolean {
    return this.hasWritten;
  }

  /** Whether there is a write that its reads have to see. */
  get mustSeeWrites(): boolean {
    return this.current.position !== '' || this.isPrimaryOnly || this.transactions > 0;
  }

  /** Whether only the primary will do now. */
  get isPrimaryOnly(): boolean {
    return this.current.primaryUntilMs > 0 && this.current.primaryUntilMs > this.writes.clock.now();
  }

  committed(gtid: string): void {
    const position = this.writes.dialect.merge(this.current.position, gtid);
    this.written({ ...this.current, position });
  }

  committedUnseen(): void {
    const { clock, windowMs } = this.writes;
    const primaryUntilMs = Math.max(this.current.primaryUntilMs, clock.now() + windowMs);
    this.written({ ...this.current, primaryUntilMs });
  }

  /** What another scope has written for this one too. */
  adopt(freshness: Freshness): void {
    this.written(mergeFreshness(this.writes.dialect, this.current, freshness));
  }

  /** For a token. */
  get bounded(): Freshness {
    return { ...this.current, position: this.writes.dialect.bounded(this.current.position) };
  }

  private written(freshness: Freshness): void {
    this.hasWritten = true;
    this.current = freshness;
    this.tell(freshness);
  }
}

/** What one request (or one job) has to see: itself of the default cluster, and `of` others that it uses. */
export class ConsistencyScope extends ClusterScope {
  /** Of `CarriedWrites`: what the caller came with, once it is learnt, and what the request has added. */
  notes: readonly unknown[] = [];
  /** An answer that may be older than the last write has been given to it. */
  gotOld = false;
  private readonly others = new Map<string, ClusterScope>();

  constructor(
    private readonly options: ScopeOptions,
    required: Freshness = ANY_AGE,
    /** What the token has brought for `CarriedWrites`; empty: nothing. */
    readonly carried: string = '',
  ) {
    super(options, required, (freshness) => options.onWrite?.(freshness, DEFAULT_CLUSTER, options.dialect));
  }

  /**
   * For a transaction that several requests share: a scope of its own, whose writes are those of each of `scopes` too.
   * @returns undefined for none
   */
  static sharedBy(scopes: readonly ConsistencyScope[]): ConsistencyScope | undefined {
    const [first] = scopes;
    if (!first) return undefined;
    const { dialect, clock, windowMs } = first.options;
    const onWrite: ScopeOptions['onWrite'] = (freshness, cluster, of) =>
      scopes.forEach((scope) => scope.of(cluster, of).adopt(freshness));
    // The one that came first has the least time left.
    const requestedMs = Math.min(...scopes.map(({ options }) => options.requestedMs ?? Infinity));
    return new ConsistencyScope({
      dialect,
      clock,
      windowMs,
      onWrite,
      ...(requestedMs < Infinity && { requestedMs }),
    });
  }

  of(cluster: string, dialect: ReplicationDialect): ClusterScope {
    if (cluster === DEFAULT_CLUSTER) return this;
    let scope = this.others.get(cluster);
    if (!scope) {
      const required = (this.options.elsewhere?.[cluster] ?? [])
        .map((freshness) => ({ ...freshness, position: dialect.parse(freshness.position) ?? '' }))
        .reduce((merged, freshness) => mergeFreshness(dialect, merged, freshness), ANY_AGE);
      const tell = (freshness: Freshness) => this.options.onWrite?.(freshness, cluster, dialect);
      scope = new ClusterScope({ ...this.options, dialect }, required, tell);
      this.others.set(cluster, scope);
    }
    return scope;
  }

  /** What it asks for of other clusters, those that it did not use too. */
  get elsewhere(): Elsewhere {
    const used = [...this.others].filter(([, { freshness }]) => freshness !== ANY_AGE);
    const asked = used.map(([cluster, { bounded }]) => [cluster, [bounded]] as const);
    return { ...this.options.elsewhere, ...Object.fromEntries(asked) };
  }

  override get wrote(): boolean {
    return super.wrote || [...this.others.values()].some(({ wrote }) => wrote);
  }

  override get mustSeeWrites(): boolean {
    const now = this.options.clock.now();
    return (
      super.mustSeeWrites ||
      [...this.others.values()].some(({ mustSeeWrites }) => mustSeeWrites) ||
      Object.values(this.options.elsewhere ?? {}).some((all) =>
        all.some(({ position, primaryUntilMs }) => position !== '' || primaryUntilMs > now),
      )
    );
  }

  note(note: unknown): void {
    this.notes = [...this.notes, note];
  }

  /** What is left of the `deadlineMs` for connections, which all steps of one request share. */
  waitMs(deadlineMs: number): number {
    const { requestedMs } = this.options;
    if (requestedMs === undefined) return deadlineMs;
    return Math.max(Math.min(LEAST_WAIT_MS, deadlineMs), requestedMs + deadlineMs - performance.now());
  }
}
