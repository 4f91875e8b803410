import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '@fourfold/kernel';
import { currentBudget, runWithin } from '@fourfold/observability/request-context';
import { tracingOn } from '@fourfold/observability/tracing';
import { throughL2 } from '../cache.spans.js';
import { isWorthALook, type L2Read } from '../l2/l2-read.js';
import { valueOf } from '../l2/record.js';
import type { RedisL2Store } from '../l2/redis-l2.store.js';
import type { Namespace } from '../namespace.js';
import { type CachedValue, decodeValue, encodeValue } from '../serializing/serializer.js';
import { AheadRefresher } from './ahead-refresher.js';
import { budgetToShare, type Flights } from './flights.js';
import type { LevelFiller } from './level-filler.js';
import type { LoadRunner } from './load.runner.js';
import { nextStep } from './next-step.js';
import { markedOld, type OldValues } from './old-values.js';
import type { Reading, Wanted } from './reading.js';

export interface LeasedLoaderParts {
  readonly l2: RedisL2Store;
  readonly filler: LevelFiller;
  readonly runner: LoadRunner;
  readonly flights: Flights;
  readonly oldValues: OldValues;
  readonly clock: Clock;
  /** How long to wait for another process's load before loading as well, milliseconds. */
  readonly leaseWaitMs: number;
}

/** One call on its way: it looks at Redis once, and again for the keys that others are loading. */
interface Search {
  readonly values: Map<string, CachedValue>;
  /** Of `Flights`, when the call came. */
  readonly arrivedTurn: number;
  /** How long it has waited for others, milliseconds. */
  waitedMs: number;
  /** Loads that it began or joined; a failure is the call's. */
  readonly work: Promise<unknown>[];
}

/** Waits for another process's load: the first, growing by half each time, up to the longest. */
const FIRST_POLL_MS = 10;
const LONGEST_POLL_MS = 100;
/** A load behind the callers' backs that failed keeps its leases for so long, so that not every reader tries again. */
const RETRY_AFTER_MS = 1_000;

/**
 * Everything below L1: reads Redis, loads under leases what is not there, fills Redis and then L1.
 *
 * A key that this process is loading already is joined. One that another process is loading is polled for, at most
 * `leaseWaitMs`, while our own keys load; then it is loaded as well: waiting is never worth more than an answer. Nothing
 * is held while waiting, so two batches that want each other's keys cannot block each other.
 */
export class LeasedLoader {
  private readonly refresher = new AheadRefresher((reading, ids) => this.refresh(reading, ids));

  constructor(private readonly parts: LeasedLoaderParts) {}

  /**
   * Every id of `ids`, at most `MOST_AT_ONCE`, is in the answer.
   * @throws what `loadMany` throws, UncacheableValueError, LoadTimeoutError, LoadLimitError; DeadlineExceededError or
   *   ClientGoneError when none of those who wait for it does any more
   */
  async read(reading: Reading, ids: readonly string[]): Promise<Map<string, CachedValue>> {
    const { l2, filler, flights, clock } = this.parts;
    const { namespace, policy } = reading;
    const search: Search = { values: new Map(), arrivedTurn: flights.turn, waitedMs: 0, work: [] };
    let looksFirst = isWorthALook(policy.ttlMs);
    let pollMs = FIRST_POLL_MS;
    const budget = currentBudget();
    for (let missing = ids; ;) {
      const startedMs = clock.now();
      // Permits come first: whatever is invalidated from here on must not be put into L1 by us.
      const wanted = missing.map((id) => filler.want(namespace, id));
      const asked = l2.readOrLease(wanted, looksFirst);
      const reads = await (tracingOn ? throughL2(namespace.name, asked) : asked);
      missing = this.settle(reading, wanted, reads, startedMs, search);
      if (missing.length === 0) break;
      // A load of ours that fails ends the wait for the others.
      await Promise.race([pause(pollMs), failureOf(search.work)]);
      search.waitedMs += pollMs;
      const over = budget?.failure();
      if (over) throw over;
      pollMs = Math.min(pollMs * 1.5, LONGEST_POLL_MS);
      looksFirst = false;
    }
    if (search.work.length > 0) await Promise.all(search.work);
    return search.values;
  }

  /** What Redis has, without a load; it goes into L1 as by any other read. */
  async peek(namespace: Namespace, id: string): Promise<CachedValue | undefined> {
    const { l2, filler, clock } = this.parts;
    const startedMs = clock.now();
    const want = filler.want(namespace, id);
    const read = await l2.peek(want.key);
    if (read.kind !== 'hit') return undefined;
    return filler.takeHit({ namespace, policy: namespace.policy }, want, read, startedMs)?.cached;
  }

  /** What another caller's flight brings. What a replica said for it may lack this one's writes: then it is loaded anew. */
  async joined(reading: Reading, id: string, flight: Promise<CachedValue>): Promise<CachedValue> {
    const cached = await flight;
    if (this.parts.oldValues.mayShare(cached)) return cached;
    const values = new Map<string, CachedValue>();
    const want = this.parts.filler.want(reading.namespace, id);
    await this.load(reading, [want], values, 0);
    return values.get(id)!;
  }

  /** A value in the last part of its TTL was met: it is loaded anew behind the caller. */
  nearEnd(reading: Reading, id: string): void {
    this.refresher.trigger(reading, id);
  }

  close(): void {
    this.refresher.close();
  }

  /** Begins what follows from what Redis has answered. @returns the ids to look for again a moment later */
  private settle(
    reading: Reading,
    wanted: readonly Wanted[],
    reads: readonly L2Read[],
    startedMs: number,
    search: Search,
  ): string[] {
    const { filler, flights, leaseWaitMs } = this.parts;
    const { namespace, policy, looks } = reading;
    const isFirst = search.waitedMs === 0;
    const toLoad: Wanted[] = [];
    const behind: Wanted[] = [];
    const busy: string[] = [];
    for (let i = 0; i < wanted.length; i += 1) {
      const want = wanted[i]!;
      const read = reads[i]!;
      const hit = read.kind === 'hit' ? filler.takeHit(reading, want, read, startedMs) : undefined;
      if (hit !== undefined) {
        looks.l2Hits += 1;
        search.values.set(want.id, hit.cached);
        if (hit.nearEnd) this.nearEnd(reading, want.id);
        continue;
      }
      const holder = read.kind === 'busy' ? read.holder : undefined;
      const flight = flights.joinable(want.key, holder, search.arrivedTurn);
      const old = policy.neverExpire ? oldValueOf(read, policy.version) : undefined;
      const step = nextStep({
        found: read.kind === 'hit' ? 'unreadable' : read.kind,
        hasOld: old !== undefined,
        canJoin: flight !== undefined,
        isLoading: flights.isLoading(want.key),
        waitedLong: search.waitedMs >= leaseWaitMs,
      });
      const taken = read.kind === 'lease' ? { ...want, token: read.token } : want;
      if (isFirst && step !== 'serve old') looks[step === 'join' ? 'joins' : 'l2Misses'] += 1;
      if (step === 'serve old') {
        looks.l2Hits += 1;
        namespace.counts.staleServed += 1;
        search.values.set(want.id, old!);
        if (taken.token !== undefined) behind.push(taken);
      } else if (step === 'join') {
        const joined = this.joined(reading, want.id, flight!);
        search.work.push(joined.then((value) => search.values.set(want.id, value)));
      } else if (step === 'wait') busy.push(want.id);
      else toLoad.push(read.kind === 'away' ? { ...taken, isAway: true } : taken);
    }
    if (behind.length > 0) void this.loadBehind(reading, behind);
    if (toLoad.length > 0) {
      const budget = budgetToShare();
      const loaded = budget
        ? runWithin(budget, () => this.load(reading, toLoad, search.values, 0))
        : this.load(reading, toLoad, search.values, 0);
      search.work.push(flights.beginLoads(toLoad, search.values, loaded, budget));
    }
    return busy;
  }

  /**
   * Has values that are near their end loaded anew together, once in all processes. A key that was invalidated meanwhile is
   * not revived, and what fails leaves the old value where it is. Never rejects.
   */
  private async refresh(reading: Reading, ids: readonly string[]): Promise<void> {
    const { l2, filler, runner, clock } = this.parts;
    const { namespace, policy } = reading;
    const work = async (): Promise<void> => {
      const startedMs = clock.now();
      const wanted = ids.map((id) => filler.want(namespace, id));
      const reads = await l2.leaseRefresh(wanted, policy.refreshAhead);
      const leased: Wanted[] = [];
      for (const [i, want] of wanted.entries()) {
        const read = reads[i]!;
        if (read.kind === 'hit') filler.takeHit(reading, want, read, startedMs);
        if (read.kind === 'lease') leased.push({ ...want, token: read.token });
      }
      namespace.counts.refreshes += leased.length;
      await this.loadUnasked(reading, leased);
    };
    // The runner has counted what failed; the old values stand until their end.
    await runner.behind(work).catch(() => {});
  }

  /** No caller waits for it. What can't be loaded now is released: its old value stands until its end. */
  private async loadBehind(reading: Reading, wanted: readonly Wanted[]): Promise<void> {
    const work = (): Promise<void> => this.loadUnasked(reading, wanted);
    await this.parts.runner.behind(work).catch(() => this.parts.l2.releaseAll(wanted, RETRY_AFTER_MS));
  }

  private async loadUnasked(reading: Reading, wanted: readonly Wanted[]): Promise<void> {
    if (wanted.length === 0) return;
    const values = new Map<string, CachedValue>();
    // Run behind, where nothing limits it.
    const loaded = this.load(reading, wanted, values, RETRY_AFTER_MS);
    await this.parts.flights.beginLoads(wanted, values, loaded);
  }

  /** Into `values`, and into the levels above. @param releaseAfterMs how long a failure keeps its leases */
  private async load(
    reading: Reading,
    wanted: readonly Wanted[],
    values: Map<string, CachedValue>,
    releaseAfterMs: number,
  ): Promise<void> {
    const { l2, filler, runner } = this.parts;
    const { namespace, policy, loadMany } = reading;
    let encoded: Buffer[];
    let mayBeOld: boolean;
    try {
      const ids = wanted.map(({ id }) => id);
      const isAway = wanted.some((want) => want.isAway === true);
      const outcome = await runner.run(namespace, ids, loadMany, isAway);
      mayBeOld = outcome.mayBeOld;
      encoded = ids.map((id) => encodeValue(outcome.loaded.get(id), policy.serializer, policy.version));
    } catch (error) {
      l2.releaseAll(wanted, releaseAfterMs);
      throw error;
    }
    const keep = async (want: Wanted, i: number): Promise<void> => {
      // Callers get what the bytes hold, so the first one sees exactly what later ones will.
      const cached = decodeValue(encoded[i]!, 0, policy.version)!;
      values.set(want.id, mayBeOld ? markedOld(cached) : cached);
      if (!mayBeOld) await filler.store(reading, want, encoded[i]!, cached);
      else if (want.token !== undefined) await l2.release(want.key, want.token, releaseAfterMs);
    };
    await Promise.all(l2.together(() => wanted.map(keep)));
  }
}

/** Never resolves. @throws what the first of `work` throws that fails */
function failureOf(work: readonly Promise<unknown>[]): Promise<never> {
  const never = new Promise<never>(() => {});
  return Promise.race(work.map((each) => each.then(() => never)));
}

function oldValueOf(read: L2Read, version: number): CachedValue | undefined {
  const old = read.kind === 'lease' || read.kind === 'busy' ? read.old : undefined;
  return old && valueOf(old, version);
}
