import { eventually } from '@fourfold-tools/testing';
import { Redis } from 'ioredis';
import type { BenchOptions } from '../bench-options.js';
import { atLeast, type BenchResult, figure } from '../http/bench.result.js';
import type { Deployment } from '../http/deployment.js';
import { LoadClient } from '../http/load.client.js';
import { calls, openShop, settled } from '../http/shop.js';

const CONNECTIONS = 32;
/** Every so many-th call is an order. */
const ORDER_EVERY = 20;

/** Who answers when nothing is cached: connections of the main cluster that were asked for, by node. */
export async function benchFills(deployment: Deployment, { customers }: BenchOptions): Promise<BenchResult> {
  const shop = await openShop(deployment, { customers, products: 40 });
  await emptyCaches(deployment);
  const client = new LoadClient();
  try {
    const reads = [calls.order, calls.user, calls.userOrders, calls.product].flatMap((of) => of(shop));
    const orders = calls.placing(shop);
    const mix = reads.flatMap((read, at) =>
      at % ORDER_EVERY === 0 ? [orders[at % orders.length]!, read] : [read],
    );
    const before = await routesOf(deployment);
    await client.run({ kind: 'burst', url: deployment.apiUrl, connections: CONNECTIONS, calls: mix });
    const after = await routesOf(deployment);
    const used = new Map([...after].map(([node, times]) => [node, times - (before.get(node) ?? 0)]));
    const all = [...used.values()].reduce((sum, times) => sum + times, 0);
    const ofReplicas = all - (used.get('primary') ?? 0);
    await settled(deployment);
    return {
      bench: 'fills',
      tables: [
        {
          title: `${figure(mix.length)} calls, ${figure(100 / ORDER_EVERY)}% of them orders, with nothing cached`,
          rows: [...used].map(([node, times]) => ({
            node,
            reads: figure(times),
            share: figure(times / all),
          })),
        },
      ],
      bounds: [atLeast('share of the reads that replicas serve', ofReplicas / all, 0.9)],
    };
  } finally {
    client.stop();
  }
}

async function emptyCaches(deployment: Deployment): Promise<void> {
  await deployment.stopApp('order-api');
  const redis = new Redis(deployment.servers.redisCache.url);
  await redis.flushall();
  redis.disconnect();
  await deployment.startApp('order-api');
}

const ROUTE = /^db_route_total\{(?<labels>[^}]*)\} (?<times>\d+)$/gm;
/** What a transaction asks for is no read. */
const NO_READ = /reason="(write|in-transaction)"/;

/** Reads by node, of order-api. */
async function routesOf(deployment: Deployment): Promise<Map<string, number>> {
  const ask = async () => (await fetch(`${deployment.managementUrl('order-api')}/metrics`)).text();
  // It adds up once a second.
  const earlier = await ask();
  const text = await eventually(async () => ((now) => now !== earlier && now)(await ask()));
  const sums = new Map<string, number>();
  for (const { groups } of text.matchAll(ROUTE)) {
    const { labels = '', times = '0' } = groups ?? {};
    const node = /target="([^"]*)"/.exec(labels)?.[1];
    if (node !== undefined && !NO_READ.test(labels)) sums.set(node, (sums.get(node) ?? 0) + Number(times));
  }
  return sums;
}
