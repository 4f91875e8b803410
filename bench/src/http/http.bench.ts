import { fileURLToPath } from 'node:url';
import { mainMigrations } from '@fourfold-tools/migrate';
import { freePorts } from '@fourfold-tools/stack';
import { createDatabase, migratedDatabase } from '@fourfold-tools/testing';
import type { BenchOptions } from '../bench-options.js';
import { startLiteral } from '../literal/literal.app.js';
import { median } from '../measure.js';
import { AppProcess } from './app.process.js';
import { atLeast, atMost, type BenchResult, figure } from './bench.result.js';
import type { Deployment } from './deployment.js';
import { LoadClient } from './load.client.js';
import type { HttpJob, LoadReport, RawJob } from './load.jobs.js';
import { Meter } from './meter.js';
import { calls, openShop, type Shop } from './shop.js';
import { usedColumns } from './used.columns.js';

const FEW = 32;
const MANY = 200;
const emptyApp = fileURLToPath(new URL('./empty.app.js', import.meta.url));

type Job = Omit<HttpJob, 'ms'> | Omit<RawJob, 'ms'>;

/** One turn of each contender a round. */
interface Contender {
  name: string;
  job: Job;
  meter: Meter;
  reports: LoadReport[];
}

/** What a route reaches over HTTP beside an empty one, beside mysql2 alone, and beside the literal flow; the worker stands. */
export async function benchHttp(deployment: Deployment, options: BenchOptions): Promise<BenchResult> {
  const { rounds, roundMs, report } = options;
  const shop = await openShop(deployment, { customers: options.customers, products: 40 });
  await deployment.stopApp('worker');
  const { stateDir } = deployment.options;
  const client = new LoadClient();
  const [port] = (await freePorts(1)) as [number];
  const empty = await AppProcess.start('empty', emptyApp, port, {}, stateDir);
  const literal = await startLiteral(deployment, shop);
  try {
    const cpuSeconds = () => ({
      ...deployment.cpuSeconds(),
      'empty route': empty.cpuSeconds,
      'literal flow': literal.app.cpuSeconds,
    });
    const { primary, redisCache, redisQueue } = deployment.servers;
    const sources = { primaryUrl: primary.rootUrl, redisUrls: [redisCache.url, redisQueue.url], cpuSeconds };
    const jobs: Record<string, Job> = {
      'empty Nest route': {
        kind: 'http',
        url: empty.url,
        connections: FEW,
        calls: [{ method: 'GET', path: '/empty', headers: {} }],
      },
      ...routesOf('', deployment.apiUrl, shop),
      ...routesOf('literal: ', literal.app.url, literal.shop),
      'raw mysql2, 32 at once': { kind: 'raw', url: await rawDatabase(deployment), connections: FEW },
    };
    const contenders = Object.entries(jobs).map(([name, job]): Contender => ({
      name,
      job,
      meter: new Meter(sources),
      reports: [],
    }));
    for (let round = 0; round <= rounds; round += 1) {
      for (const contender of round % 2 === 0 ? contenders : contenders.toReversed())
        await turn(client, contender, { roundMs, counts: round > 0 });
      report(round === 0 ? 'warmed up' : `round ${round} of ${rounds}`);
    }
    return resultOf(contenders);
  } finally {
    client.stop();
    await Promise.all([empty.stop(), literal.app.stop()]);
  }
}

function routesOf(prefix: string, url: string, shop: Shop): Record<string, Job> {
  const http = (connections: number, asked: HttpJob['calls']): Job => ({
    kind: 'http',
    url,
    connections,
    calls: asked,
  });
  return {
    [`${prefix}GET /v1/orders/:id`]: http(FEW, calls.order(shop)),
    [`${prefix}GET /v1/products/:id`]: http(FEW, calls.product(shop)),
    [`${prefix}GET /v1/users/:id/orders`]: http(FEW, calls.userOrders(shop)),
    [`${prefix}POST /v1/orders, ${FEW} connections`]: http(FEW, calls.placing(shop)),
    [`${prefix}POST /v1/orders, ${MANY} connections`]: http(MANY, calls.placing(shop)),
  };
}

async function rawDatabase({ servers }: Deployment): Promise<string> {
  const given = await createDatabase(servers, { node: 'primary', name: 'fourfold_raw' });
  const { database, dataSource } = await migratedDatabase({ migrations: mainMigrations }, given);
  await dataSource.destroy();
  return database.appUrl;
}

async function turn(
  client: LoadClient,
  contender: Contender,
  { roundMs, counts }: { roundMs: number; counts: boolean },
): Promise<void> {
  const { name, job, meter, reports } = contender;
  // Orders placed in the turn before have made cached lists void: to fill them again is measured by `fills`.
  if (job.kind === 'http' && job.calls.every(({ method }) => method === 'GET'))
    await client.run({ ...job, kind: 'burst' });
  const work = () => client.run({ ...job, ms: roundMs });
  const one = await (counts ? meter.during(work) : work());
  const wrong = Object.entries(one.wrong);
  if (wrong.length > 0)
    throw new Error(
      `${name} was answered with ${wrong.map(([status, times]) => `${times} × ${status}`).join(', ')}`,
    );
  if (counts) reports.push(one);
}

const perSecond = ({ done, ms }: LoadReport): number => done / (ms / 1_000);

function resultOf(contenders: readonly Contender[]): BenchResult {
  const named = new Map(contenders.map((contender) => [contender.name, contender]));
  const ratio = (of: string, to: string, one: (report: LoadReport) => number = perSecond): number => {
    const [a, b] = [named.get(of)!, named.get(to)!];
    return median(a.reports.map((report, at) => one(report) / one(b.reports[at]!)));
  };
  const p99 = ({ p99Ms }: LoadReport) => p99Ms;
  const rows = contenders.map(({ name, reports, meter }) => {
    const used = meter.per(reports.reduce((sum, { done }) => sum + done, 0));
    return {
      route: name,
      'a second': figure(median(reports.map(perSecond))),
      '/ empty route': figure(ratio(name, 'empty Nest route')),
      'p50 ms': figure(median(reports.map(({ p50Ms }) => p50Ms))),
      'p99 ms': figure(median(reports.map(p99))),
      ...usedColumns(used),
    };
  });
  const [few, many, raw] = [
    `POST /v1/orders, ${FEW} connections`,
    `POST /v1/orders, ${MANY} connections`,
    'raw mysql2, 32 at once',
  ];
  return {
    bench: 'http',
    tables: [{ title: 'One request over HTTP, the worker stopped', rows }],
    bounds: [
      atLeast('GET /v1/orders/:id / empty route', ratio('GET /v1/orders/:id', 'empty Nest route'), 0.5),
      atLeast('GET /v1/products/:id / empty route', ratio('GET /v1/products/:id', 'empty Nest route'), 0.5),
      atLeast(
        'GET /v1/users/:id/orders / empty route',
        ratio('GET /v1/users/:id/orders', 'empty Nest route'),
        0.4,
      ),
      atLeast('orders accepted at 32 connections / raw mysql2', ratio(few, raw), 1.1),
      atLeast('orders accepted at 200 connections / raw mysql2', ratio(many, raw), 1.8),
      atLeast('orders accepted at 32 connections / literal flow', ratio(few, `literal: ${few}`), 4),
      atMost('their p99 / literal flow’s p99', ratio(few, `literal: ${few}`, p99), 1 / 3),
      atLeast('orders accepted at 200 connections / literal flow', ratio(many, `literal: ${many}`), 4),
      atMost('their p99 / literal flow’s p99, 200 connections', ratio(many, `literal: ${many}`, p99), 1 / 3),
    ],
  };
}
