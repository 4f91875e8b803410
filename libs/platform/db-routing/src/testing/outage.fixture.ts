import { eventually, FaultProxy, ReplicatedServers, type TestDatabase } from '@fourfold-tools/testing';
import { register } from 'prom-client';
import type { HealthTransition } from '../health/replica-health.js';
import type { RoutingPoolCluster } from '../cluster/routing-pool.cluster.js';
import { ask, routedDatabase, serverIds } from './routed-database.js';
import { watchedCluster, type WatchedClusterOptions } from './watched-cluster.js';

export type ReplicaTransition = HealthTransition & { replica: string };

/** A primary and two replicas that a file of tests may hurt, and a watched cluster on them for each test. */
export class OutageFixture {
  private readonly cleanups: (() => unknown)[] = [];

  private constructor(
    readonly servers: ReplicatedServers,
    readonly database: TestDatabase,
    readonly ids: Awaited<ReturnType<typeof serverIds>>,
  ) {}

  static async start(): Promise<OutageFixture> {
    const servers = await ReplicatedServers.start();
    const database = await routedDatabase(() => servers.createDatabase());
    return new OutageFixture(servers, database, await serverIds(servers));
  }

  /** The account that may see the state of replication, as the module's option has it. */
  get monitorAccount(): { user: string; password: string } {
    const { username, password } = new URL(this.servers.primary.monitorUrl);
    return { user: username, password: decodeURIComponent(password) };
  }

  /** Run after the test, the last one first. */
  afterTest(cleanup: () => unknown): void {
    this.cleanups.push(cleanup);
  }

  async proxyOf(url: string): Promise<FaultProxy> {
    const proxy = await new FaultProxy(url).open();
    this.afterTest(() => proxy.close());
    return proxy;
  }

  /** A cluster on the three, which are well; metrics and transitions are counted from here. */
  async watch({
    options,
    ...rest
  }: Partial<Omit<WatchedClusterOptions, 'options'>> & { options?: object } = {}) {
    const { appUrl: primaryUrl, readUrls: replicas } = this.database;
    const watched = await watchedCluster({ options: { primaryUrl, replicas, ...options }, ...rest });
    this.afterTest(watched.close);
    // A replica may still be catching up with what the test before has done to it.
    await eventually(() => watched.cluster.replicaNodes.every(({ health }) => health.state === 'healthy'));
    register.resetMetrics();
    return { ...watched, transitions: transitionsOf(watched.cluster) };
  }

  /** What a replica says of its own replication, as root sees it. */
  async status(name: 'replica-1' | 'replica-2') {
    const { receiver, applier, lagSeconds } = (await this.servers.status(name)) ?? {};
    return { io: receiver, sql: applier, lag: lagSeconds };
  }

  async cleanUp(): Promise<void> {
    for (const cleanup of this.cleanups.splice(0).reverse()) await cleanup();
  }

  async dispose(): Promise<void> {
    await this.servers.dispose();
  }
}

/** What happens to each replica from now on, in order. */
export function transitionsOf(cluster: RoutingPoolCluster): ReplicaTransition[] {
  const seen: ReplicaTransition[] = [];
  for (const { id, health } of cluster.replicaNodes) {
    const keep = (transition: HealthTransition | undefined) => {
      if (transition) seen.push({ replica: id, ...transition });
      return transition;
    };
    const record = health.record.bind(health);
    const recordTrial = health.recordTrial.bind(health);
    health.record = (...probe) => keep(record(...probe));
    health.recordTrial = (...trial) => keep(recordTrial(...trial));
  }
  return seen;
}

/** `from → to` of one replica. */
export function pathOf(transitions: readonly ReplicaTransition[], replica: string): string[] {
  return transitions.filter((one) => one.replica === replica).map(({ from, to }) => `${from} → ${to}`);
}

/** A metric's values, by the values of its labels. */
export async function counted(name: string): Promise<Record<string, number>> {
  const { values } = (await register.getSingleMetric(name)?.get()) ?? { values: [] };
  return Object.fromEntries(values.map(({ labels, value }) => [Object.values(labels).join(' '), value]));
}

/**
 * Puts the clock of a watched cluster forward until `check` holds, by a minute a second: a minute in the middle of a
 * heartbeat is none in which the primary was there, and so ages no replica.
 */
export async function agedUntil(clock: { aheadMs: number }, check: () => boolean): Promise<void> {
  await eventually(
    () => {
      if (check()) return;
      clock.aheadMs += 61_000;
      throw new Error(`Not yet, ${clock.aheadMs} ms ahead`);
    },
    { everyMs: 1_000 },
  );
}

/** The server's own word for lag as it is so often read: an empty or unknown one is 0. */
export async function naiveLagSeconds(url: string): Promise<number> {
  const [row] = await ask(url, 'SHOW REPLICA STATUS');
  return Number(row?.['Seconds_Behind_Master'] ?? row?.['Seconds_Behind_Source'] ?? 0);
}
