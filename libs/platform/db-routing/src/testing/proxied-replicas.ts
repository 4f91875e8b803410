import { eventually, FaultProxy, type TestDatabase } from '@fourfold-tools/testing';
import { transitionsOf } from './outage.fixture.js';
import { routedDatabase } from './routed-database.js';
import { watchedCluster, type WatchedClusterOptions } from './watched-cluster.js';

/** A watched cluster for each test that reaches the replicas of the test run through proxies: they can seem to be gone. */
export class ProxiedReplicas {
  private readonly cleanups: (() => Promise<unknown>)[] = [];

  private constructor(private readonly database: TestDatabase) {}

  static async start(): Promise<ProxiedReplicas> {
    return new ProxiedReplicas(await routedDatabase());
  }

  async watch(changes: Omit<WatchedClusterOptions, 'options'> & { options?: object } = {}) {
    const { appUrl: primaryUrl, readUrls } = this.database;
    const proxies = await Promise.all(readUrls.map((url) => new FaultProxy(url).open()));
    for (const proxy of proxies) this.cleanups.push(() => proxy.close());
    const options = { primaryUrl, replicas: proxies.map(({ url }) => url), ...changes.options };
    const watched = await watchedCluster({ ...changes, options });
    this.cleanups.push(watched.close);
    /** Resolves when no replica is in rotation any more. */
    const refuse = async () => {
      await Promise.all(proxies.map((proxy) => proxy.close()));
      await eventually(() => watched.inRotation().length === 0);
    };
    return { ...watched, proxies, refuse, transitions: transitionsOf(watched.cluster) };
  }

  async cleanUp(): Promise<void> {
    for (const cleanup of this.cleanups.splice(0).reverse()) await cleanup();
  }

  drop(): Promise<void> {
    return this.database.drop();
  }
}
