import { FaultProxy, type TestDatabase } from '@fourfold-tools/testing';
import type { DbRoutingMetrics } from '../routing/db-routing.metrics.js';
import { MovableAddress } from './movable.address.js';
import { watchedCluster, type WatchedClusterOptions } from './watched-cluster.js';

export interface ProxiedClusterOptions extends Omit<WatchedClusterOptions, 'options' | 'streams'> {
  options?: Partial<WatchedClusterOptions['options']>;
}

/** A watched cluster with a proxy before each of its nodes, whose address can be moved as well. The caller closes it. */
export async function proxiedCluster(
  database: TestDatabase,
  { options, ...others }: ProxiedClusterOptions = {},
) {
  const urls = [database.appUrl, ...database.readUrls];
  const [primary, ...replicas] = await Promise.all(
    urls.map(async (url) => {
      const proxy = await new FaultProxy(url).open();
      return { proxy, address: new MovableAddress(proxy.url) };
    }),
  );
  if (!primary) throw new Error('A test database has a primary');
  const watching = await watchedCluster({
    ...others,
    options: {
      primaryUrl: primary.proxy.url,
      replicas: replicas.map(({ proxy }) => proxy.url),
      replicaConnections: 32,
      ...options,
    },
    streams: Object.fromEntries([
      ['MASTER', primary.address.stream],
      ...replicas.map(({ address }, index) => [`SLAVE${index}`, address.stream]),
    ]) as WatchedClusterOptions['streams'] & object,
  });
  const close = async () => {
    await watching.close();
    for (const { proxy } of [primary, ...replicas]) await proxy.close();
  };
  return { ...watching, primary, replicas, close };
}

/** How often a connection to `node` was asked for, since the process began. */
export async function routesTo({ routes }: DbRoutingMetrics, node: string): Promise<number> {
  const { values } = await routes.get();
  return sum(values.filter(({ labels }) => labels['target'] === node));
}

/** How many reads were run again because their connection to some node broke, since the process began. */
export async function repetitions({ repeatedReads }: DbRoutingMetrics): Promise<number> {
  return sum((await repeatedReads.get()).values);
}

function sum(values: readonly { value: number }[]): number {
  return values.reduce((total, { value }) => total + value, 0);
}
