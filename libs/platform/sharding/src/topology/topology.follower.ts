import { withDeadline } from '@fourfold/kernel';
import { gauge } from '@fourfold/observability/metrics';
import { Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { CurrentTopology } from './current-topology.js';
import type { TopologyCopy } from './topology.copy.js';
import type { Topology } from './topology.document.js';
import type { TopologySource } from './topology.source.js';

export interface TopologyFollowerOptions {
  /**
   * How often Redis is asked for the epoch, and the database instead while Redis is away. Default 700, so that a change
   * is followed within a second by this alone, also while Redis hangs.
   */
  pollMs?: number;
  /** At every how many polls the database is asked in any case. Default 5. */
  databaseEvery?: number;
}

type Trouble = 'away' | 'behind' | 'different' | undefined;

/** Of one look, with all that it asks: one that hangs must not be the last. */
const LOOK_DEADLINE_MS = 5_000;

const RESTORED =
  'Was it restored? Publish a topology of a higher epoch than any process has, or restart every process';

/** How much a poll may be early, so that processes that began together do not ask together. */
const JITTER = 0.2;

/** Of every follower in this process, for the metric. */
const followers = new Set<TopologyFollower>();

/**
 * Keeps this process's topology up to date.
 *
 * States: idle → looking (at a notice from Redis, or when the poll is due) → idle. A notice while it is looking makes it
 * look once more. Notices make a change known at once; polls are the net under a notice that was lost, a Redis that
 * is empty, old or away. The epoch never falls: `CurrentTopology` adopts nothing older. A notice of an epoch that this
 * process has or is past tells it nothing: so two environments that share a prefix by mistake replace one another's copy
 * at each poll, and not as fast as they hear of it.
 */
export class TopologyFollower implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #logger = new Logger(TopologyFollower.name);
  readonly #pollMs: number;
  readonly #databaseEvery: number;
  #timer: NodeJS.Timeout | undefined;
  #polls = 0;
  #looking: Promise<void> | undefined;
  #again = false;
  #stopped = false;
  /** What was logged last, so that an outage is one line and not one a second. */
  #trouble: Trouble;

  constructor(
    private readonly own: CurrentTopology,
    private readonly source: TopologySource,
    private readonly copy?: TopologyCopy,
    { pollMs = 700, databaseEvery = 5 }: TopologyFollowerOptions = {},
  ) {
    this.#pollMs = pollMs;
    this.#databaseEvery = databaseEvery;
    gauge({
      name: 'shard_topology_epoch',
      help: 'Epoch of the shard topology that this process routes by',
      collect() {
        for (const follower of followers) this.set(follower.own.ring.epoch);
      },
    });
  }

  onApplicationBootstrap(): void {
    followers.add(this);
    this.copy?.watch((epoch) => {
      if (epoch === undefined || epoch > this.own.ring.epoch) void this.look();
    });
    this.#schedule();
  }

  async onApplicationShutdown(): Promise<void> {
    this.#stopped = true;
    followers.delete(this);
    clearTimeout(this.#timer);
    this.copy?.close();
    await this.#looking;
  }

  /** Asks the database now. Never rejects. */
  look(): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    this.#again = this.#looking !== undefined;
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = undefined;
      if (this.#again) void this.look();
    });
    return this.#looking;
  }

  #schedule(): void {
    if (this.#stopped) return;
    const delayMs = this.#pollMs * (1 - JITTER * Math.random());
    this.#timer = setTimeout(() => void this.#poll().finally(() => this.#schedule()), delayMs);
    this.#timer.unref();
  }

  async #poll(): Promise<void> {
    this.#polls += 1;
    const due = this.#polls % this.#databaseEvery === 0;
    if ((await this.source.hintsAtOtherThan(this.own.ring.epoch)) || due) await this.look();
  }

  async #lookOnce(): Promise<void> {
    const over = new AbortController();
    const late = () => new Error(`The main cluster did not answer within ${LOOK_DEADLINE_MS} ms`);
    try {
      await withDeadline(this.#follow(over.signal), LOOK_DEADLINE_MS, late);
    } catch (error) {
      const { epoch } = this.own.ring;
      this.#tell('away', `The shard topology can’t be looked up; epoch ${epoch} stays: ${String(error)}`);
    } finally {
      over.abort();
    }
  }

  /** @param over from when on an answer is too late: another look may have had a newer one. */
  async #follow(over: AbortSignal): Promise<void> {
    // The database is asked after this: what it has is not older unless it was taken back.
    const known = this.own.topology;
    const current = await this.source.current(known);
    if (over.aborted) return;
    if (this.own.adopt(current)) this.#logger.log(`Shard topology epoch ${current.epoch} was adopted`);
    this.#compare(known, current);
    await this.source.offer(current, over);
  }

  #compare(known: Topology, current: Topology): void {
    const has = `The database has shard topology epoch ${current.epoch}`;
    if (current.epoch < known.epoch)
      this.#tell('behind', `${has}, and this process routes by ${known.epoch}: it keeps that. ${RESTORED}`);
    else if (current.epoch === known.epoch && JSON.stringify(current) !== JSON.stringify(known))
      this.#tell('different', `${has} with other owners than those that this process routes by. ${RESTORED}`);
    else this.#tell(undefined, `${has} and can be asked again`);
  }

  #tell(trouble: Trouble, message: string): void {
    if (trouble !== this.#trouble && !this.#stopped) {
      if (trouble === undefined) this.#logger.log(message);
      else this.#logger.error(message);
    }
    this.#trouble = trouble;
  }
}
