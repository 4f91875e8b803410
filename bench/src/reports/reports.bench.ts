import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { ApiCaller } from '@fourfold-tools/e2e';
import { type LoadResult, runLoad } from '@fourfold-tools/load';
import { eventually } from '@fourfold-tools/testing';
import { signToken } from '@fourfold-tools/token';
import type { BenchOptions } from '../bench-options.js';
import { atMost, type BenchResult, figure } from '../http/bench.result.js';
import type { Deployment } from '../http/deployment.js';
import { openShop } from '../http/shop.js';
import { median } from '../measure.js';
import { seedOrderLines, SEEDED } from './order.lines.js';

/** Calls a second: some load, far from what the machine takes. */
const RATE = 60;
const WRITE_SHARE = 0.05;
const CONNECTIONS = 32;
const LINES_OF_AN_ORDER = 3;
/** Of the alert ReplicaLagHigh. */
const LAG_ALERT_SECONDS = 10;
const MOST_MIB = 300;

interface Round {
  alone: LoadResult;
  beside: LoadResult;
  reportSeconds: number;
  lagSeconds: number;
  childMib: number;
  percents: number;
}

/** What calls of the API take while a large report is made, beside what they take without one. */
export async function benchReports(deployment: Deployment, options: BenchOptions): Promise<BenchResult> {
  const { orders, rounds, seconds, report } = options;
  await openShop(deployment, { customers: 50, products: 40 });
  await seedOrderLines(deployment, orders, LINES_OF_AN_ORDER);
  const token = await signToken(deployment.options.stateDir, { role: 'operator', sub: 'bench' });
  const api = new ApiCaller(deployment.apiUrl, token);
  const load = (signal: AbortSignal): Promise<LoadResult> =>
    runLoad({
      ...{ mix: 'read-heavy', writeShare: WRITE_SHARE, rate: RATE, seconds, connections: CONNECTIONS },
      ...{ seed: 1, replay: undefined, speed: 1, out: '', url: deployment.apiUrl, token, run: randomUUID() },
      signal,
      report: () => {},
    });
  const untilTheEnd = new AbortController().signal;
  await load(untilTheEnd);
  const all: Round[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const alone = await load(untilTheEnd);
    const ended = new AbortController();
    // What comes after the report would only make its figures look better.
    const making = makeReport(deployment, api).finally(() => ended.abort());
    const [made, beside] = await Promise.all([making, load(ended.signal)]);
    all.push({ alone, beside, ...made });
    report(`round ${round} of ${rounds}`);
  }
  const of = (one: (round: Round) => number) => median(all.map(one));
  const ratio = of(({ alone, beside }) => beside.all.ms.p99 / alone.all.ms.p99);
  const worst = (one: (round: Round) => number) => Math.max(...all.map(one));
  return {
    bench: 'reports',
    tables: [
      {
        title: `${figure(RATE)} calls a second beside a report of ${(orders * LINES_OF_AN_ORDER).toLocaleString('en-GB')} order lines, medians of ${rounds} rounds`,
        rows: [
          {
            'p99 alone, ms': figure(of(({ alone }) => alone.all.ms.p99)),
            'p99 beside it, ms': figure(of(({ beside }) => beside.all.ms.p99)),
            'report, s': figure(of(({ reportSeconds }) => reportSeconds)),
            'percents seen': figure(of(({ percents }) => percents)),
            'replica lag, s': figure(worst(({ lagSeconds }) => lagSeconds)),
            'child, MiB': figure(worst(({ childMib }) => childMib)),
          },
        ],
      },
    ],
    bounds: [
      atMost('p99 of the API beside the report / alone', ratio, 1.2),
      atMost(
        'replica lag in s, of which the alert tells',
        worst(({ lagSeconds }) => lagSeconds),
        LAG_ALERT_SECONDS,
      ),
      atMost(
        'memory of the child in MiB',
        worst(({ childMib }) => childMib),
        MOST_MIB,
      ),
    ],
  };
}

/** Asks for a report, and watches it until it is done. */
async function makeReport(
  deployment: Deployment,
  api: ApiCaller,
): Promise<Pick<Round, 'reportSeconds' | 'lagSeconds' | 'childMib' | 'percents'>> {
  const startedMs = performance.now();
  const { body } = await api.call('POST', '/reports', {
    headers: { 'idempotency-key': randomUUID() },
    body: { type: 'sales', format: 'pdf', ...SEEDED, email: 'bench@example.com' },
  });
  let [lagSeconds, childMib] = [-1, 0];
  let children: string[] = [];
  const percents = new Set<number>();
  await eventually(
    async () => {
      lagSeconds = Math.max(lagSeconds, await lagOf(deployment));
      if (children.length === 0) children = childrenOf(deployment);
      childMib = Math.max(childMib, mibOf(children));
      const { body: now } = await api.get(`/reports/${body.id}`);
      percents.add(now.percent);
      if (now.status === 'failed') throw new Error(`The report ${body.id} has failed`);
      return now.status === 'done';
    },
    { deadlineMs: 300_000, everyMs: 1_000 },
  );
  if (lagSeconds < 0) throw new Error('The worker has shown no replica lag while the report was made');
  if (childMib === 0) throw new Error('No child of the worker was seen while the report was made');
  return {
    reportSeconds: (performance.now() - startedMs) / 1_000,
    lagSeconds,
    childMib,
    percents: percents.size,
  };
}

/** As the worker sees it, -1 where it shows none: a scrape of order-api would be what its calls wait for. */
async function lagOf(deployment: Deployment): Promise<number> {
  const text = await (await fetch(`${deployment.managementUrl('worker')}/metrics`)).text();
  const lags = [...text.matchAll(/^db_replica_lag_seconds\{[^}]*\} (\S+)$/gm)].map(([, lag]) => Number(lag));
  return Math.max(-1, ...lags);
}

/** Children of the worker. Looked for once: the process that makes the load has no time to read all of /proc each second. */
function childrenOf(deployment: Deployment): string[] {
  const worker = deployment.pidOf('worker');
  return readdirSync('/proc').filter(
    (entry) => /^\d+$/.test(entry) && statusOf(entry, /^PPid:\s+(\d+)$/m) === worker,
  );
}

/** The most memory that one of them has had. */
const mibOf = (children: readonly string[]): number =>
  Math.max(0, ...children.map((pid) => (statusOf(pid, /^VmHWM:\s+(\d+) kB$/m) ?? 0) / 1_024));

/** @returns undefined where the process has gone meanwhile */
function statusOf(pid: string, field: RegExp): number | undefined {
  try {
    const found = field.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return found === undefined ? undefined : Number(found);
  } catch {
    return undefined;
  }
}
