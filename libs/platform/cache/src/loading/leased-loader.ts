import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '@fourfold/kernel';
import { cacheKey, type CacheKey } from '../cache-key.js';
import { throughL2 } from '../cache.spans.js';
import { isPlain, type L2Read, type StaleRecord } from '../l2/lease-commands.js';
import type { RedisL2Store } from '../l2/redis-l2.store.js';
import type { Namespace } from '../namespace.js';
import { type CachedValue, decodeValue, encodeValue } from '../serializing/serializer.js';
import type { LevelFiller } from './level.filler.js';
import type { LoadRunner } from './load.runner.js';
import type { OldValues } from './old-values.js';
import type { OwnLoads } from './own-loads.js';
import { MOST_AT_ONCE, type Reading, type Wanted } from './reading.js';

/** What is to be loaded, and what there is past its TTL. */
interface Missing extends Wanted {
  readonly stale?: CachedValue;
  readonly stalePastMs?: number;
}

/** How long a call has waited for another's load, and what it may join. */
interface Waiting {
  readonly waitedMs: number;
  /** Until the next look, milliseconds. */
  readonly pollMs: number;
  /** Of `OwnLoads`, when the call came. */
  readonly arrivedTurn: number;
}

/** Waits for another process's load: the first, growing by half each time, up to the longest. */
const FIRST_POLL_MS = 10;
const LONGEST_POLL_MS = 100;
/**
 * For so long a generation is taken as shown. Each script touches it, or a Redis that evicts what is used least would
 * let it go, and the namespace with it.
 */
const GENERATION_FRESH_MS = 1_000;
/** A load behind the callers' backs that failed keeps its leases for so long, so that not every reader tries again. */
const RETRY_AFTER_MS = 1_000;

/**
 * Everything below L1: reads Redis, loads under leases what is not there, fills Redis and then L1.
 *
 * A key that this process is loading already is joined. One that another process is loading is polled for, at most
 * `leaseWaitMs`, while our own keys load; then it is loaded as well: waiting is never worth more than an answer. Nothing is held while waiting, so two batches that want
 * each other's keys cannot block each other.
 */
export class LeasedLoader {
  constructor(
    private readonly l2: RedisL2Store,
    private readonly filler: LevelFiller,
    private readonly runner: LoadRunner,
    private readonly own: OwnLoads,
    private readonly oldValues: OldValues,
    private readonly clock: Clock,
    /** How long to wait for another process's load before loading as well, milliseconds. */
    private readonly leaseWaitMs: number,
  ) {}

  /**
   * Every id of `ids` is in the answer. Many are read and loaded one part after another, with a turn for others in between.
   * @throws what `loadMany` throws, UncacheableValueError, LoadTimeoutError, LoadLimitError
   */
  async resolve(reading: Reading, ids: readonly string[]): Promise<Map<string, CachedValue>> {
    const waiting = { waitedMs: 0, pollMs: FIRST_POLL_MS, arrivedTurn: this.own.turn };
    if (ids.length <= MOST_AT_ONCE) return this.read(reading, ids, waiting);
    const values = new Map<string, CachedValue>();
    for (let from = 0; from < ids.length; from += MOST_AT_ONCE) {
      // Without Redis nothing but the loader waits for the network, and it need not.
      if (from > 0) await turn();
      const part = await this.read(reading, ids.slice(from, from + MOST_AT_ONCE), waiting);
      for (const [id, value] of part) values.set(id, value);
    }
    return values;
  }

  /**
   * The same for one. Where Redis most likely has it, and every message about its namespace is heard, it is read plainly
   * first: the script's work is for what is missing, or near its end.
   */
  async resolveOne(
    reading: Reading,
    id: string,
    key: CacheKey,
    heedsMessages: boolean,
  ): Promise<CachedValue> {
    const { namespace, policy } = reading;
    const { generation } = namespace;
    const startedMs = this.clock.now();
    const isFresh = Math.abs(startedMs - namespace.generationShownMs) < GENERATION_FRESH_MS;
    if (generation && isFresh && heedsMessages && policy.tags.length === 0 && namespace.plainHits.isLikely) {
      const want = this.filler.want(reading, id, key);
      const [bytes] = await throughL2(namespace.name, async () => [await this.l2.get(key)], Boolean);
      const hit = bytes ? this.l2.hitOf(bytes, generation) : undefined;
      const cached = hit && this.filler.takeHit(reading, want, hit, startedMs);
      if (cached !== undefined) {
        namespace.counts.l2Hits += 1;
        namespace.plainHits.note(true);
        return cached;
      }
    }
    return (await this.resolve(reading, [id])).get(id)!;
  }

  /** What Redis has, without a load; it goes into L1 as by any other read. */
  async peek(namespace: Namespace, id: string): Promise<CachedValue | undefined> {
    // Near its end it stays as it is: there is no loader to ask.
    const reading = { namespace, policy: namespace.policy, onNearEnd: () => {} };
    const startedMs = this.clock.now();
    const want = this.filler.want(reading, id, cacheKey(namespace.name, id));
    const read = await this.l2.peek(want.key);
    return read.kind === 'hit' ? this.filler.takeHit(reading, want, read, startedMs) : undefined;
  }

  /**
   * Has values that are near their end loaded anew together, once in all processes. A key that was invalidated meanwhile is
   * not revived, and what fails leaves the old value where it is. Never rejects.
   */
  async refresh(reading: Reading, ids: readonly string[]): Promise<void> {
    const { namespace, policy } = reading;
    const work = async (): Promise<void> => {
      const startedMs = this.clock.now();
      const wanted = ids.map((id) => this.filler.want(reading, id, cacheKey(namespace.name, id)));
      const reads = await this.l2.leaseRefresh(wanted, policy.refreshAhead);
      const leased: Missing[] = [];
      for (const [i, want] of wanted.entries()) {
        const read = reads[i]!;
        if (read.kind === 'hit') this.filler.takeHit(reading, want, read, startedMs);
        if (read.kind === 'lease') leased.push({ ...want, token: read.token });
      }
      namespace.counts.refreshes += leased.length;
      await this.load(reading, leased, new Map(), RETRY_AFTER_MS);
    };
    // The runner has counted what failed; the old values stand until their end.
    await this.runner.behind(work).catch(() => {});
  }

  private async read(
    reading: Reading,
    ids: readonly string[],
    waiting: Waiting,
  ): Promise<Map<string, CachedValue>> {
    const { namespace } = reading;
    const { waitedMs, arrivedTurn } = waiting;
    const values = new Map<string, CachedValue>();
    const toLoad: Missing[] = [];
    const joined: Promise<unknown>[] = [];
    const busy: string[] = [];
    const behind: Missing[] = [];
    const startedMs = this.clock.now();
    // Permits come first: whatever is invalidated from here on must not be put into L1 by us.
    const wanted = ids.map((id) => this.filler.want(reading, id, cacheKey(namespace.name, id)));
    const reads = await throughL2(
      namespace.name,
      () => this.l2.readOrLease(wanted),
      ({ kind }) => kind === 'hit',
    );
    for (const [i, want] of wanted.entries()) {
      const read = reads[i]!;
      const cached = read.kind === 'hit' ? this.filler.takeHit(reading, want, read, startedMs) : undefined;
      if (waitedMs === 0 && read.kind !== 'away') {
        namespace.plainHits.note(read.kind === 'hit' && isPlain(read.record, read.leftMs));
      }
      if (read.kind === 'hit') this.filler.learnGeneration(namespace, want, read.record);
      if (cached !== undefined) {
        namespace.counts.l2Hits += 1;
        values.set(want.id, cached);
        continue;
      }
      const missing: Missing = {
        ...want,
        ...staleOf(read),
        isAway: read.kind === 'away',
        ...(read.kind === 'lease' ? { token: read.token } : {}),
      };
      if (reading.policy.neverExpire && missing.stale) {
        namespace.counts.l2Hits += 1;
        values.set(want.id, this.serveStale(namespace, missing.stale));
        if (missing.token !== undefined) behind.push({ ...want, token: missing.token });
        continue;
      }
      const holder = read.kind === 'busy' ? read.holder : undefined;
      const hasLease = missing.token !== undefined;
      const flight = hasLease ? undefined : this.own.joinable(want.key, holder, arrivedTurn);
      // Counted once however often it is polled for.
      if (waitedMs === 0) namespace.counts[flight ? 'joins' : 'l2Misses'] += 1;
      if (flight) {
        joined.push(flight.then((value) => this.share(reading, want, value, values)));
        continue;
      }
      // A record that can't be read is being removed: the next look brings a lease.
      const mayWait = (read.kind === 'busy' || read.kind === 'hit') && waitedMs < this.leaseWaitMs;
      if (mayWait || (!hasLease && this.own.isUnderWay(want.key))) busy.push(want.id);
      else toLoad.push(missing);
    }
    void this.loadBehind(reading, behind);
    await Promise.all([
      this.load(reading, toLoad, values, 0),
      this.waitForOthers(reading, busy, waiting, values),
      ...joined,
    ]);
    return values;
  }

  /** What a replica said for another caller may lack this one's writes: then it is loaded for this one alone. */
  async loadAlone(reading: Reading, id: string): Promise<CachedValue> {
    const values = new Map<string, CachedValue>();
    const want = this.filler.want(reading, id, cacheKey(reading.namespace.name, id));
    await this.loadInto(values, reading, [want], 0);
    return values.get(id)!;
  }

  private async share(
    reading: Reading,
    { id }: Wanted,
    value: CachedValue,
    values: Map<string, CachedValue>,
  ): Promise<void> {
    values.set(id, this.oldValues.mayShare(value) ? value : await this.loadAlone(reading, id));
  }

  private async waitForOthers(
    reading: Reading,
    busy: readonly string[],
    waiting: Waiting,
    values: Map<string, CachedValue>,
  ): Promise<void> {
    if (busy.length === 0) return;
    const { waitedMs, pollMs } = waiting;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
    const nextMs = Math.min(Math.ceil(pollMs * 1.5), LONGEST_POLL_MS);
    const found = await this.read(reading, busy, {
      ...waiting,
      waitedMs: waitedMs + pollMs,
      pollMs: nextMs,
    });
    for (const [id, cached] of found) values.set(id, cached);
  }

  private async load(
    reading: Reading,
    wanted: readonly Missing[],
    values: Map<string, CachedValue>,
    releaseAfterMs: number,
  ): Promise<void> {
    if (wanted.length === 0) return;
    const loaded = this.loadInto(values, reading, wanted, releaseAfterMs);
    for (const want of wanted)
      this.own.begin(
        want,
        loaded.then(() => values.get(want.id)!),
      );
    await loaded;
  }

  private async loadInto(
    values: Map<string, CachedValue>,
    reading: Reading,
    wanted: readonly Missing[],
    releaseAfterMs: number,
  ): Promise<void> {
    const { namespace, policy, loadMany } = reading;
    let encoded: Buffer[];
    let mayBeOld: boolean;
    try {
      const ids = wanted.map(({ id }) => id);
      const outcome = await this.runner.run(
        namespace,
        ids,
        loadMany,
        wanted.some(({ isAway }) => isAway === true),
      );
      ({ mayBeOld } = outcome);
      encoded = ids.map((id) => encodeValue(outcome.loaded.get(id), policy.serializer));
    } catch (error) {
      this.release(wanted, releaseAfterMs);
      const servable = wanted.filter(({ stalePastMs = Infinity }) => stalePastMs <= policy.staleWhileErrorMs);
      if (servable.length < wanted.length) throw error;
      for (const { id, stale } of servable) values.set(id, this.serveStale(namespace, stale!));
      return;
    }
    const keep = async (want: Missing, i: number): Promise<void> => {
      // Callers get what the bytes hold, so the first one sees exactly what later ones will.
      const cached = decodeValue(encoded[i]!)!;
      values.set(want.id, mayBeOld ? markedOld(cached) : cached);
      if (!mayBeOld) await this.filler.store(reading, want, encoded[i]!, cached);
      else if (want.token !== undefined) await this.l2.release(want.key, want.token, releaseAfterMs);
    };
    await Promise.all(this.l2.together(() => wanted.map(keep)));
  }

  /** No caller waits for it. What can't be loaded now is released: its old value stands until its end. */
  private async loadBehind(reading: Reading, wanted: readonly Missing[]): Promise<void> {
    if (wanted.length === 0) return;
    const work = () => this.load(reading, wanted, new Map(), RETRY_AFTER_MS);
    await this.runner.behind(work).catch(() => this.release(wanted, RETRY_AFTER_MS));
  }

  private release(wanted: readonly Wanted[], afterMs: number): void {
    this.l2.together(() => {
      for (const { key, token } of wanted) if (token !== undefined) void this.l2.release(key, token, afterMs);
    });
  }

  private serveStale({ counts }: Namespace, stale: CachedValue): CachedValue {
    counts.staleServed += 1;
    return stale;
  }
}

/** What it inherits may be made anew each time that it is asked for. */
function markedOld(cached: CachedValue): CachedValue {
  return Object.create(cached, { mayBeOld: { value: true } }) as CachedValue;
}

function staleOf(read: L2Read): { stale?: CachedValue; stalePastMs?: number } {
  const found: StaleRecord | undefined =
    read.kind === 'lease' || read.kind === 'busy' ? read.stale : undefined;
  const stale = found && decodeValue(found.record.bytes, found.record.valueAt);
  return stale ? { stale, stalePastMs: found.pastMs } : {};
}
