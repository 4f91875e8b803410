import { outageSideOf, redisOutage, RedisServerFixture } from '@fourfold-tools/testing';
import { type AssembledCache, assembleCache } from '@fourfold/cache';
import { Registry } from 'prom-client';
import type { BenchOptions } from './bench-options.js';
import type { BenchServers } from './bench-servers.js';
import { verdict } from './report.js';

const MOST_P99_MS = 50;
/** The cache's own default. */
const MOST_LOADS = 16;
const LEAST_RECOVERY = 0.9;
const PHASE_MS = 4_000;

/**
 * Redis killed under 1,000 reads a second, two nodes over a table of a real server. Resolves with whether all bounds
 * hold: no read fails, none is stale, the 99th percentile while Redis is away, loads at once, hits when it is back.
 */
export async function benchCacheOutage(servers: BenchServers, { report }: BenchOptions): Promise<boolean> {
  const server = await RedisServerFixture.start();
  const nodes: AssembledCache[] = [];
  try {
    for (let i = 0; i < 2; i += 1) nodes.push(await openNode(server.url));
    const [first, second] = nodes as [AssembledCache, AssembledCache];
    const sides = [outageSideOf(first, 'product'), outageSideOf(second, 'product')] as const;
    const outage = await redisOutage({ server, sides, databaseUrl: servers.migrateUrl, phaseMs: PHASE_MS });
    const { p99, hitRatio } = outage;
    const ms = (value: number): string => `${value.toFixed(1)} ms`;
    report(`${outage.reads} reads; p99 before ${ms(p99.before)}, away ${ms(p99.away)}, back ${ms(p99.back)}`);
    const checks: [string, boolean][] = [
      [`failed reads: ${outage.failed.length} (bound: 0)`, outage.failed.length === 0],
      [`stale answers: ${outage.stale.length} (bound: 0)`, outage.stale.length === 0],
      [`p99 while Redis is away: ${ms(p99.away)} (bound: under ${MOST_P99_MS})`, p99.away < MOST_P99_MS],
      [`loads at once: ${outage.mostLoads} (bound: ${MOST_LOADS})`, outage.mostLoads <= MOST_LOADS],
      [
        `hit ratio ${hitRatio.before.toFixed(3)} before, ${hitRatio.back.toFixed(3)} when it is back (bound: 0.9 of it)`,
        hitRatio.back >= LEAST_RECOVERY * hitRatio.before,
      ],
    ];
    for (const [line, holds] of checks) report(`${line} ${verdict(holds)}`);
    return checks.every(([, holds]) => holds);
  } finally {
    for (const node of nodes) node.close();
    await server.dispose();
  }
}

/** As an application has it: with the defaults. */
async function openNode(redisUrl: string): Promise<AssembledCache> {
  const namespaces = { product: { ttlMs: 3_600_000 } };
  const node = assembleCache({ redis: redisUrl, prefix: 'outage', namespaces, registry: new Registry() });
  await node.start();
  return node;
}
