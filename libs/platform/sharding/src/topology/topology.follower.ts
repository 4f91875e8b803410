import { gauge } from '@fourfold/observability/metrics';
import { withDeadline } from '@fourfold/kernel';
import { Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { CurrentTopology } from './current-topology.js';
import type { TopologyCopy } from './topology.copy.js';
import type { TopologySource } from './topology.source.js';

export interface TopologyFollowerOptions {
  /** How often Redis is asked for the epoch, and the database instead while Redis is away. Default 1,000. */
  pollMs?: number;
  /** At every how many polls the database is asked in any case. Default 5. */
  databaseEvery?: number;
}

const DATABASE_DEADLINE_MS = 5_000;

/** How far a poll may be early, so that processes that began together do not ask together. */
const JITTER = 0.2;

/** Of every follower in this process, for the metric. */
const followers = new Set<TopologyFollower>();

/**
 * Keeps this process's topology up to date.
 *
 * States: idle → looking (at a notice from Redis, or when the poll is due) → idle. A notice while it is looking makes it
 * look once more. Notices make a change known at once; polls are the net under a notice that was lost, a Redis that
 * is empty, old or away. The epoch never falls: `CurrentTopology` adopts nothing older.
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
  #trouble: string | undefined;

  constructor(
    private readonly own: CurrentTopology,
    private readonly source: TopologySource,
    private readonly copy?: TopologyCopy,
    { pollMs = 1_000, databaseEvery = 5 }: TopologyFollowerOptions = {},
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
    this.copy?.onNotice(() => void this.look());
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
    if (due || (await this.source.hintsAtOtherThan(this.own.ring.epoch))) await this.look();
  }

  async #lookOnce(): Promise<void> {
    const { topology } = this.own;
    try {
      const late = () => new Error(`The main cluster did not answer within ${DATABASE_DEADLINE_MS} ms`);
      const current = await withDeadline(this.source.current(topology), DATABASE_DEADLINE_MS, late);
      this.#tell(
        current.epoch < this.own.ring.epoch
          ? `The database has topology epoch ${current.epoch}, and this process routes by ${this.own.ring.epoch}: it keeps that. Was the database restored?`
          : undefined,
      );
      if (this.own.adopt(current)) this.#logger.log(`Shard topology epoch ${current.epoch} was adopted`);
      if (current.epoch >= this.own.ring.epoch) await this.source.offer(current);
    } catch (error) {
      this.#tell(`The shard topology can’t be looked up; epoch ${topology.epoch} stays: ${String(error)}`);
    }
  }

  #tell(trouble: string | undefined): void {
    if (trouble !== undefined && trouble !== this.#trouble && !this.#stopped) this.#logger.warn(trouble);
    this.#trouble = trouble;
  }
}
