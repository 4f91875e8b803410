import { join } from 'node:path';
import { appEnvironment } from '@fourfold-tools/stack';
import type { BenchOptions } from '../bench-options.js';
import { atLeast, atMost, type BenchResult, figure } from '../http/bench.result.js';
import { AppProcess } from '../http/app.process.js';
import type { Deployment } from '../http/deployment.js';
import { LoadClient } from '../http/load.client.js';
import type { LoadCall, PhaseReport, SecondReport } from '../http/load.jobs.js';
import { calls, openShop, settled, type Shop } from '../http/shop.js';

const CONNECTIONS = 128;
const PEAK_CONNECTIONS = 32;
const TIMES = 10;
/** Of the calls; the rest are single reads and lists. */
const ORDERS = 0.9;
const BEFORE_SECONDS = 5;
const AFTER_SECONDS = 10;
/** What may come before and after: so much of the peak. */
const ORDINARY = 0.5;
const ACCEPTED_MS = 250;
const REFUSED_MS = 50;
const RECOVERY_SECONDS = 2;
const TARGET = 'ADMISSION_TARGET_MS';

interface Run {
  name: string;
  /** Orders a second. */
  peak: number;
  seconds: number;
  report: PhaseReport;
}

/** Ten times as many orders as the platform can place, for a while, with admission control and without. */
export async function benchOverload(deployment: Deployment, options: BenchOptions): Promise<BenchResult> {
  const shop = await openShop(deployment, { customers: options.customers, products: 40 });
  const runs: Run[] = [];
  // Started here, not by the deployment's supervisor, whose environment is fixed.
  await deployment.stopApp('order-api');
  for (const [name, target] of [
    ['with', {}],
    ['without', { [TARGET]: '0' }],
  ] as const) {
    const { repoRoot, stateDir, ports } = deployment.options;
    const env = { ...appEnvironment(deployment.options, { app: 'order-api' }), ...target };
    const script = join(repoRoot, 'apps/order-api/dist/main.js');
    const api = await AppProcess.start(`order-api-${name}`, script, ports.api, env, stateDir);
    try {
      runs.push(await run(name, deployment, shop, options));
    } finally {
      await api.stop();
    }
  }
  return resultOf(runs);
}

async function run(name: string, deployment: Deployment, shop: Shop, options: BenchOptions): Promise<Run> {
  const { roundMs, report, seconds } = options;
  const client = new LoadClient();
  const url = deployment.apiUrl;
  try {
    const orders = {
      kind: 'http',
      url,
      connections: PEAK_CONNECTIONS,
      ms: roundMs,
      calls: calls.placing(shop),
    } as const;
    // What runs for the first time is slower.
    await client.run(orders);
    const { done, ms } = await client.run({ ...orders, ms: 3 * roundMs });
    const peak = done / (ms / 1_000);
    report(`${name}: ${figure(peak)} orders a second at ${PEAK_CONNECTIONS} connections`);
    await settled(deployment);
    const ordinary = (ORDINARY * peak) / ORDERS;
    const { phased, cpuSeconds } = await client.run({
      kind: 'phased',
      url,
      connections: CONNECTIONS,
      calls: mixed(shop),
      phases: [
        { perSecond: ordinary, seconds: BEFORE_SECONDS },
        { perSecond: (TIMES * peak) / ORDERS, seconds },
        { perSecond: ordinary, seconds: AFTER_SECONDS },
      ],
    });
    report(
      `${name}: the load itself used ${figure(cpuSeconds)} s of CPU, and was late by ${figure(phased!.lateMs)} ms at most`,
    );
    for (const [at, second] of phased!.seconds.entries()) report(`${name} ${at}: ${JSON.stringify(second)}`);
    await settled(deployment);
    return { name, peak, seconds, report: phased! };
  } finally {
    client.stop();
  }
}

function mixed(shop: Shop): LoadCall[] {
  const orders = calls.placing(shop);
  const reads = [calls.product(shop), calls.userOrders(shop)];
  const share = Math.max(1, Math.round((orders.length * (1 - ORDERS)) / ORDERS / reads.length));
  return [...orders, ...reads.flatMap((some) => some.slice(0, share))];
}

/** Seconds after the overload until everything is accepted, and in time, for good. */
function recovery({ report, seconds }: Run): number {
  const after = report.seconds.slice(BEFORE_SECONDS + seconds);
  return 1 + after.findLastIndex((one) => one.refused + one.failed > 0 || one.acceptedP99Ms > ACCEPTED_MS);
}

function resultOf(runs: readonly Run[]): BenchResult {
  const [controlled] = runs as [Run, Run];
  const [, overload] = controlled.report.phases as [SecondReport, SecondReport, SecondReport];
  return {
    bench: 'overload',
    tables: runs.map((one) => ({
      title: `${one.name === 'with' ? 'With' : 'Without'} admission control, peak ${figure(one.peak)} orders a second`,
      rows: rowsOf(one),
    })),
    bounds: [
      atMost('accepted, at ten times the load: p99 in ms', overload.acceptedP99Ms, ACCEPTED_MS),
      atMost('refused: p99 in ms', overload.refusedP99Ms, REFUSED_MS),
      atMost('neither accepted nor refused', overload.failed, 0),
      atLeast('orders a second / peak', overload.orders / controlled.seconds / controlled.peak, 0.9),
      atMost('seconds after it until all is as before', recovery(controlled), RECOVERY_SECONDS),
    ],
  };
}

function rowsOf(one: Run): Record<string, string>[] {
  const lengths = [BEFORE_SECONDS, one.seconds, AFTER_SECONDS];
  return one.report.phases.map((phase, at) => {
    const perSecond = (count: number) => figure(count / lengths[at]!);
    return {
      phase: ['before', 'ten times the peak', 'after'][at]!,
      'orders/s': perSecond(phase.orders),
      'accepted/s': perSecond(phase.accepted),
      'within 1 s': perSecond(phase.inTime),
      'refused/s': perSecond(phase.refused),
      'failed/s': perSecond(phase.failed),
      'accepted p50 ms': figure(phase.acceptedP50Ms),
      'accepted p99 ms': figure(phase.acceptedP99Ms),
      'refused p99 ms': figure(phase.refusedP99Ms),
      'seconds to recover': at === 2 ? figure(recovery(one)) : '',
    };
  });
}
