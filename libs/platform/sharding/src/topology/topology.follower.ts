import { PeriodicTask, withDeadline } from '@fourfold/kernel';
import { gauge } from '@fourfold/observability/metrics';
import { runWithin } from '@fourfold/observability/request-context';
import { Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Topology } from '../ring/topology.js';
import type { CurrentTopology } from './current-topology.js';
import type { SharedTopology } from './shared-topology.js';
import type { TopologyCopy } from './topology.copy.js';

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

/** A look that hangs is given up after this, so that the next one can start. */
const LOOK_DEADLINE_MS = 5_000;

const RESTORED =
  'Was it restored? Publish a topology of a higher epoch than any process has, or restart every process';

/** How much a poll may be early, so that processes that began together do not ask together. */
const JITTER = 0.2;

/** Of every follower in this process, for the metric. */
const followers = new Set<TopologyFollower>();

/**
 * Keeps this process's topology up to date: a notice from Redis makes a change known at once, and polls find it when a
 * notice was lost or Redis is empty, old or away. The epoch never falls: `CurrentTopology` adopts nothing older. A notice
 * of an epoch that this process has or is past is ignored: so two environments that share a prefix by mistake replace one
 * another's copy once a poll, and not as fast as notices arrive.
 */
export class TopologyFollower implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(TopologyFollower.name);
  private readonly polling: PeriodicTask;
  private polls = 0;
  private noticed = false;
  private looking: Promise<void> | undefined;
  /** What was logged last, so that an outage is one line and not one a second. */
  private trouble: Trouble;

  constructor(
    private readonly own: CurrentTopology,
    private readonly shared: SharedTopology,
    private readonly copy?: TopologyCopy,
    { pollMs = 700, databaseEvery = 5 }: TopologyFollowerOptions = {},
  ) {
    this.polling = new PeriodicTask({
      name: 'Following the shard topology',
      everyMs: pollMs,
      firstAfterMs: pollMs,
      jitter: JITTER,
      run: () => this.poll(databaseEvery),
      log: this.logger,
    });
    gauge({
      name: 'shard_topology_epoch',
      help: 'Epoch of the shard topology that this process routes by',
      collect() {
        for (const follower of followers) this.set(follower.own.ring.epoch);
      },
    });
    gauge({
      name: 'shard_draining',
      help: '1 for a shard that is being emptied by the topology that this process routes by, 0 for the others',
      labelNames: ['shard'],
      collect() {
        this.reset();
        for (const { own } of followers)
          for (const { name, state } of own.topology.shards)
            this.set({ shard: name }, state === 'draining' ? 1 : 0);
      },
    });
  }

  onApplicationBootstrap(): void {
    followers.add(this);
    this.own.confirm();
    this.copy?.watch((epoch) => {
      if (epoch === undefined || epoch > this.own.ring.epoch) this.lookSoon();
    });
    this.polling.start();
  }

  async onApplicationShutdown(): Promise<void> {
    followers.delete(this);
    this.copy?.close();
    await this.polling.stop();
  }

  /**
   * Asks the database now, or waits for the look in hand. Never rejects: what is wrong is logged when it begins and when it
   * ends.
   */
  look(): Promise<void> {
    this.looking ??= runWithin(undefined, () => this.lookOnce()).finally(() => (this.looking = undefined));
    return this.looking;
  }

  private async lookOnce(): Promise<void> {
    if (this.polling.isStopping) return;
    const over = new AbortController();
    const late = (): Error => new Error(`The main cluster did not answer within ${LOOK_DEADLINE_MS} ms`);
    try {
      await withDeadline(this.follow(over.signal), LOOK_DEADLINE_MS, late);
    } catch (error) {
      const { epoch } = this.own.ring;
      this.tell('away', `The shard topology can’t be looked up; epoch ${epoch} stays: ${String(error)}`);
    } finally {
      over.abort();
    }
  }

  private lookSoon(): void {
    this.noticed = true;
    this.polling.wake();
  }

  private async poll(databaseEvery: number): Promise<void> {
    const { noticed } = this;
    this.noticed = false;
    this.polls += 1;
    const due = this.polls % databaseEvery === 0;
    if (noticed || (await this.shared.copyDiffersFrom(this.own.ring.epoch)) || due) await this.look();
  }

  /** @param over from when on an answer is too late: another look may have had a newer one. */
  private async follow(over: AbortSignal): Promise<void> {
    // The database is asked after this: what it has is not older unless it was taken back.
    const known = this.own.topology;
    const askedMs = performance.now();
    const current = await this.shared.current(known);
    if (over.aborted) return;
    this.own.confirm(askedMs);
    if (this.own.adopt(current)) this.logger.log(`Shard topology epoch ${current.epoch} was adopted`);
    this.compare(known, current);
    await this.shared.offer(current, over);
  }

  private compare(known: Topology, current: Topology): void {
    const has = `The database has shard topology epoch ${current.epoch}`;
    if (current.epoch < known.epoch)
      this.tell('behind', `${has}, and this process routes by ${known.epoch}: it keeps that. ${RESTORED}`);
    else if (current.epoch === known.epoch && JSON.stringify(current) !== JSON.stringify(known))
      this.tell('different', `${has} with other owners than those that this process routes by. ${RESTORED}`);
    else this.tell(undefined, `${has} and can be asked again`);
  }

  private tell(trouble: Trouble, message: string): void {
    if (trouble !== this.trouble && !this.polling.isStopping) {
      if (trouble === undefined) this.logger.log(message);
      else this.logger.error(message);
    }
    this.trouble = trouble;
  }
}
