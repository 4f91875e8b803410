import {
  DbRoutingModule,
  limitStatements,
  RoutingPoolCluster,
  usePrimary,
  useReadIndex,
} from '@fourfold/db-routing';
import { HealthRegistry } from '@fourfold/observability/health-registry';
import { Global, type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createPool } from 'mysql2';
import { register } from 'prom-client';
import type { BenchOptions } from './bench-options.js';
import type { BenchServers } from './bench-servers.js';
import { type Contender, latency, measure, median, ratio, type Round } from './measure.js';
import { verdict } from './report.js';
import { DataSource } from 'typeorm';

const READ = 'SELECT id, text FROM notes WHERE id = ?';
/** What the library sets: rows must cost both the same. */
const SAME_DECODING = {
  supportBigNumbers: true,
  bigNumberStrings: true,
  timezone: 'Z',
  charset: 'utf8mb4_bin',
};
const QUERY_TIMEOUT_MS = 15_000;
const CONNECTIONS = 64;
const CONCURRENCY = 32;
const LEAST_RATIO = 0.95;
const EVEN = 0.5;
const TOLERANCE = 0.05 * EVEN;

/** Reads through the router beside the same reads through the driver's own pool. Resolves with whether both bounds hold. */
export async function benchRouting(servers: BenchServers, options: BenchOptions): Promise<boolean> {
  // First, while no replica is warmer than the other: the faster one rightly gets more.
  const even = await benchDistribution(servers, options);
  await benchFills(servers, options);
  const fastEnough = await benchThroughput(servers, options);
  return fastEnough && even;
}

async function benchThroughput(servers: BenchServers, options: BenchOptions): Promise<boolean> {
  const [url = ''] = servers.replicaUrls;
  const app = await routedApp(servers.primaryUrl, [url]);
  const plain = createPool({ uri: url, connectionLimit: CONNECTIONS, ...SAME_DECODING });
  // The server's timer for each statement is not the router's doing.
  plain.on('connection', (connection) => limitStatements(connection, QUERY_TIMEOUT_MS));
  const stock = await new DataSource({
    type: 'mysql',
    url,
    poolSize: CONNECTIONS,
    ...SAME_DECODING,
  }).initialize();
  const routed = app.get(DataSource);
  const onDriver: Contender[] = [
    { name: 'mysql2 pool', once: () => settled((done) => plain.query(READ, [someId()], done)) },
    { name: 'router', once: routedRead(app.get(RoutingPoolCluster)) },
  ];
  const onTypeOrm: Contender[] = [
    { name: 'TypeORM, mysql2 pool', once: () => slaveQuery(stock) },
    { name: 'TypeORM, router', once: () => slaveQuery(routed) },
  ];
  // Two at a time: each pair takes turns like A B B A, so that neither is always the one in the middle.
  const results = new Map<string, Round[]>();
  for (const pair of [onDriver, onTypeOrm])
    for (const [name, rounds] of await measure(pair, { ...options, concurrency: CONCURRENCY }))
      results.set(name, rounds);
  await app.close();
  await stock.destroy();
  await plain.promise().end();

  const of = (name: string) => results.get(name) ?? [];
  options.report(
    `\nPrimary-key reads on one replica, ${CONCURRENCY} at once, median of ${options.rounds} rounds`,
  );
  for (const [name, rounds] of results) options.report(row(name, rounds));
  const driver = ratio(of('router'), of('mysql2 pool'));
  const orm = ratio(of('TypeORM, router'), of('TypeORM, mysql2 pool'));
  options.report(
    `router / mysql2 pool:  ${driver.toFixed(3)} (bound: at least ${LEAST_RATIO}) ${verdict(driver >= LEAST_RATIO)}`,
  );
  options.report(`the same below TypeORM: ${orm.toFixed(3)} (for information)`);
  return driver >= LEAST_RATIO;
}

async function benchDistribution(servers: BenchServers, options: BenchOptions): Promise<boolean> {
  const app = await routedApp(servers.primaryUrl, servers.replicaUrls);
  const once = routedRead(app.get(RoutingPoolCluster));
  const round = { ...options, rounds: 1, concurrency: CONCURRENCY, report: () => {} };
  const shares: number[] = [];
  for (let turn = 0; turn < options.rounds; turn += 1) {
    const before = await readsByNode();
    await measure([{ name: 'router', once }], round);
    const after = await readsByNode();
    const [first = 0, second = 0] = ['replica-1', 'replica-2'].map(
      (node) => (after.get(node) ?? 0) - (before.get(node) ?? 0),
    );
    shares.push(first / (first + second));
  }
  const onPrimary = ((await readsByNode()).get('primary') ?? 0) > 0;
  await app.close();
  const typical = median(shares);
  const even = !onPrimary && Math.abs(typical - EVEN) <= TOLERANCE;
  const [least, most] = [Math.min(...shares), Math.max(...shares)].map((share) => share.toFixed(3));
  options.report(`Two replicas, ${CONCURRENCY} reads at once: the first one's share of them`);
  options.report(`  median of ${shares.length} rounds ${typical.toFixed(3)}, from ${least} to ${most}`);
  options.report(`  within 5% of even: ${verdict(even)}\n`);
  return even;
}

/** What a cache fill costs on a replica beside one on the primary, while one client commits without a pause. */
async function benchFills(servers: BenchServers, options: BenchOptions): Promise<void> {
  const app = await routedApp(servers.primaryUrl, servers.replicaUrls);
  const dataSource = app.get(DataSource);
  const fill = routedRead(app.get(RoutingPoolCluster));
  const contenders: Contender[] = [
    { name: 'fill, primary', once: () => usePrimary(fill) },
    { name: 'fill, read index', once: () => useReadIndex(fill) },
  ];
  const writing = { goesOn: true, commits: 0 };
  const write = async () => {
    for (; writing.goesOn; writing.commits += 1)
      await dataSource.query('UPDATE notes SET text = ? WHERE id = ?', [`${writing.commits}`, someId()]);
  };
  const written = write();
  for (const concurrency of [1, CONCURRENCY]) {
    const before = await readsByNode();
    const results = await measure(contenders, { ...options, concurrency });
    const after = await readsByNode();
    const [primary = 0, ...replicas] = ['primary', 'replica-1', 'replica-2'].map(
      (node) => (after.get(node) ?? 0) - (before.get(node) ?? 0),
    );
    options.report(`Cache fills, ${concurrency} at once, while others write (for information)`);
    for (const [name, rounds] of results) options.report(row(name, rounds));
    const byReplicas = replicas.reduce((sum, count) => sum + count, 0);
    options.report(`  on replicas ${byReplicas}, on the primary ${primary}`);
  }
  writing.goesOn = false;
  await written;
  await app.close();
}

async function readsByNode(): Promise<Map<string, number>> {
  const counter = register.getSingleMetric('db_route_total');
  const counted = new Map<string, number>();
  for (const { labels, value } of (await counter?.get())?.values ?? []) {
    if (labels['reason'] === 'write') continue;
    const node = String(labels['target']);
    counted.set(node, (counted.get(node) ?? 0) + value);
  }
  return counted;
}

function routedRead(cluster: RoutingPoolCluster): () => Promise<unknown> {
  return () =>
    settled((done) =>
      cluster.getConnection('SLAVE*', (error, connection) => {
        if (!connection) {
          done(error, undefined);
          return;
        }
        connection.query(READ, [someId()], (queryError, rows) => {
          connection.release();
          done(queryError, rows);
        });
      }),
    );
}

type Done = (error: Error | null, rows: unknown) => void;

function settled(work: (done: Done) => unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    work((error, rows) => (error ? reject(error) : resolve(rows)));
  });
}

async function slaveQuery(dataSource: DataSource): Promise<unknown> {
  const runner = dataSource.createQueryRunner('slave');
  try {
    return await runner.query(READ, [someId()]);
  } finally {
    await runner.release();
  }
}

function routedApp(primaryUrl: string, replicas: string[]): Promise<INestApplicationContext> {
  @Global()
  @Module({ providers: [HealthRegistry], exports: [HealthRegistry] })
  class HealthModule {}

  @Module({
    imports: [
      HealthModule,
      DbRoutingModule.forRoot({ primaryUrl, replicas, entities: [], replicaConnections: CONNECTIONS }),
    ],
  })
  class BenchModule {}
  return NestFactory.createApplicationContext(BenchModule, {
    logger: ['error', 'fatal'],
    abortOnError: false,
  });
}

function someId(): number {
  return 1 + Math.floor(Math.random() * 1_000);
}

function row(name: string, rounds: readonly Round[]): string {
  const perSecond = median(rounds.map((round) => round.perSecond));
  const cpu = median(rounds.map((round) => round.cpuMicros));
  const quantiles = [0.5, 0.99].map((quantile) => latency(rounds, quantile).toFixed(2).padStart(7));
  return `  ${name.padEnd(22)}${perSecond.toFixed(0).padStart(7)}/s   p50${quantiles[0]} ms   p99${quantiles[1]} ms   ${cpu.toFixed(1).padStart(5)} µs CPU`;
}
