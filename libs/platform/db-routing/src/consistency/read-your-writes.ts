import { type Clock, systemClock } from '@fourfold/kernel';
import type { ExecutionContext } from '@nestjs/common';
import type { ReplicationDialect } from '../engine/replication.dialect.js';
import type { CarriedWrites } from './carried-writes.js';
import { consistencyState, runInScope } from './consistency.context.js';
import { ConsistencyScope, type ScopeOptions } from './consistency.scope.js';
import { ConsistencyTokens, type TokenReading } from './consistency.token.js';
import { ANY_AGE, type Elsewhere, type Freshness, mergeFreshness } from './freshness.js';
import { RecentWrites } from './recent-writes.js';

export interface ReadYourWritesOptions {
  /** Sign the tokens; the same in every process. None: tokens are neither given nor read. */
  tokenSecrets: readonly string[];
  tokenTtlMs: number;
  /** The sticky window; 0 turns it off. */
  windowMs: number;
  /** Who is asking, once the guards have run. */
  callerOf?: ((context: ExecutionContext) => string | undefined) | undefined;
}

/** Counts the tokens that came with requests. */
export interface TokenMetrics {
  readonly tokens: { inc(labels: { outcome: string }): void };
}

type OwnOptions = Pick<ScopeOptions, 'onWrite' | 'requestedMs' | 'elsewhere'>;

/** Lets a caller see its own writes wherever its next read goes: to another replica, request or process. */
export class ReadYourWrites {
  private readonly tokens: ConsistencyTokens | undefined;
  private readonly recent: RecentWrites;
  private carriedWrites: CarriedWrites | undefined;

  constructor(
    private readonly options: ReadYourWritesOptions,
    private readonly dialect: ReplicationDialect,
    private readonly metrics: TokenMetrics,
    /** @returns everything that is committed on the primary now */
    private readonly primaryPosition: () => Promise<string>,
    private readonly clock: Clock = systemClock,
  ) {
    const { tokenSecrets: secrets, tokenTtlMs: ttlMs, windowMs } = options;
    if (secrets.length > 0) this.tokens = new ConsistencyTokens({ secrets, ttlMs, dialect, clock });
    this.recent = new RecentWrites(windowMs, dialect, clock);
  }

  /**
   * Has tokens also carry what `writes` notes of each request, so that reads from a cache are no older than the token
   * either. Once, before the first request.
   */
  carry(writes: CarriedWrites): void {
    if (!this.tokens) return;
    this.carriedWrites = writes;
    writes.listen((note) => consistencyState().scope?.note(note));
  }

  /** Runs `work` as a request whose reads see what `token` stands for; one that is not ours, or too old, is ignored. */
  async runFresh<T>(token: string | undefined, work: () => Promise<T>): Promise<T> {
    const { freshness = ANY_AGE, carried, elsewhere } = this.meaningOf(token) ?? {};
    const scope = this.scope(freshness, { elsewhere }, carried);
    await this.learn(scope);
    return runInScope(scope, work);
  }

  /** To be awaited before anything runs in a scope that came with a token. @returns undefined: nothing to learn */
  learn(scope: ConsistencyScope): Promise<void> | undefined {
    if (scope.carried === '' || !this.carriedWrites) return undefined;
    return this.carriedWrites.learn(scope.carried).then((notes) => {
      scope.notes = notes;
    });
  }

  callerOf(context: ExecutionContext): string | undefined {
    return this.options.callerOf?.(context);
  }

  /** Runs `work`, such as a job, as a request of its own that has written nothing yet. */
  isolate<T>(work: () => Promise<T>): Promise<T> {
    return runInScope(this.scope(ANY_AGE), work);
  }

  /**
   * The scope of a request by `caller`, who may have a token: it has to see what either of the two stands for. What it
   * writes is remembered at once, and not with the answer: the caller may be gone by then, and ask again.
   */
  scopeOf(token: string | undefined, caller: string | undefined): ConsistencyScope {
    const requestedMs = performance.now();
    const { freshness = ANY_AGE, carried, elsewhere } = this.meaningOf(token) ?? {};
    if (caller === undefined || this.options.windowMs === 0) {
      return this.scope(freshness, { requestedMs, elsewhere }, carried);
    }
    const required = mergeFreshness(this.dialect, freshness, this.recent.of(caller));
    const own: OwnOptions = {
      onWrite: (...written) => this.recent.remember(caller, ...written),
      requestedMs,
      elsewhere: bothOf(elsewhere, this.recent.elsewhere(caller)),
    };
    return this.scope(required, own, carried);
  }

  /**
   * For an answer that speaks of a write which another request made, such as the answer to a repeated one: unless the
   * running request has written something itself, its token stands for everything that the primary has by now. Call
   * it once that write was seen on the primary. Never rejects: a primary that does not say leaves the sticky window.
   */
  async coverEarlierWrites(): Promise<void> {
    const { scope } = consistencyState();
    if (!scope || scope.wrote) return;
    try {
      scope.committed(await this.primaryPosition());
    } catch {
      scope.committedUnseen();
    }
  }

  /** Whether the running request has a write to see, so that what was loaded for another one may be too old for it. */
  mustSeeWrites(): boolean {
    return consistencyState().scope?.mustSeeWrites ?? false;
  }

  /** Notes that the running request was given what may be old: its answer says so. */
  gotOld(): void {
    const { scope } = consistencyState();
    if (scope) scope.gotOld = true;
  }

  /** For the answer to a write; undefined where tokens are not set up. */
  tokenOf(scope: ConsistencyScope): string | undefined {
    return this.tokens?.issue(scope.freshness, this.carriedWrites?.pack(scope.notes), scope.elsewhere);
  }

  private scope(required: Freshness, own: OwnOptions = {}, carried?: string): ConsistencyScope {
    const { dialect, clock } = this;
    const options = { dialect, clock, windowMs: this.options.windowMs, ...own };
    return new ConsistencyScope(options, required, carried);
  }

  private meaningOf(token: string | undefined): Extract<TokenReading, { outcome: 'valid' }> | undefined {
    if (token === undefined || !this.tokens) return undefined;
    const reading = this.tokens.read(token);
    this.metrics.tokens.inc({ outcome: reading.outcome });
    return reading.outcome === 'valid' ? reading : undefined;
  }
}

function bothOf(one: Elsewhere = {}, other: Elsewhere): Elsewhere {
  const merged = { ...one };
  for (const [cluster, all] of Object.entries(other)) merged[cluster] = [...(merged[cluster] ?? []), ...all];
  return merged;
}
