import type { LoadResult } from '@fourfold-tools/load';
import type { BenchOptions } from '../bench-options.js';
import { atLeast, atMost, type BenchResult, figure } from '../http/bench.result.js';
import type { Deployment } from '../http/deployment.js';
import { LoadClient } from '../http/load.client.js';
import { openShop } from '../http/shop.js';
import { median } from '../measure.js';
import { type FlashSale, flashSale, ordinarySale, type Sale } from './flash.sale.js';
import { steadyLoad } from './steady.load.js';

const SALES = 3;

/** The whole platform under a load that does not wait, and under buyers who all come at once. */
export async function benchOpenLoop(deployment: Deployment, options: BenchOptions): Promise<BenchResult> {
  const { seconds, report, customers: buyers } = options;
  // A fifth of the buyers get what they want.
  const units = Math.round(buyers / 5);
  const shop = await openShop(deployment, { customers: buyers, products: 40, orders: 0 });
  const load = await steadyLoad(deployment, seconds, report);
  const client = new LoadClient();
  const flash: FlashSale[] = [];
  const ordinary: Sale[] = [];
  try {
    for (let at = 0; at < SALES; at += 1) {
      ordinary.push(await ordinarySale(deployment, client, shop));
      flash.push(await flashSale(deployment, client, shop, units));
      report(`sale ${at + 1} of ${SALES}`);
    }
  } finally {
    client.stop();
  }
  const wrong = flash.map(({ confirmed }) => Math.abs(confirmed - units));
  return {
    bench: 'open-loop',
    tables: [
      {
        title: `${figure(load.perSecond)} calls a second for ${figure(load.seconds)} s`,
        rows: routesOf(load),
      },
      { title: `${figure(buyers)} buyers at once, median of ${SALES} sales`, rows: salesOf(flash, ordinary) },
    ],
    bounds: [
      ...Object.entries(load.routes).map(([route, { ms }]) => atMost(`${route}: p99 in ms`, ms.p99, 100)),
      atMost('errors', load.all.errors, 0),
      atMost('from accepted to settled: p99 in ms', load.settled?.ms.p99 ?? Number.NaN, 1_000),
      atMost(
        `flash sale of ${figure(units)} units: confirmed beside that, at the worst`,
        Math.max(...wrong),
        0,
      ),
      atLeast(
        'answered a second, one product / many',
        median(flash.map(({ perSecond }, at) => perSecond / ordinary[at]!.perSecond)),
        0.8,
      ),
    ],
  };
}

function routesOf({ routes, settled }: LoadResult): Record<string, string>[] {
  const row = (name: string, calls: number, errors: number, ms: LoadResult['all']['ms']) => ({
    route: name,
    calls: figure(calls),
    errors: figure(errors),
    'p50 ms': figure(ms.p50),
    'p99 ms': figure(ms.p99),
    'longest ms': figure(ms.max),
  });
  return [
    ...Object.entries(routes).map(([name, { calls, errors, ms }]) => row(name, calls, errors, ms)),
    ...(settled ? [row('from accepted to settled', settled.orders, settled.unsettled, settled.ms)] : []),
  ];
}

function salesOf(flash: readonly FlashSale[], ordinary: readonly Sale[]): Record<string, string>[] {
  const row = (of: string, sales: readonly (Sale & { confirmed?: number })[]) => {
    const middle = (one: (sale: Sale & { confirmed?: number }) => number) => figure(median(sales.map(one)));
    return {
      of,
      'answered a second': middle(({ perSecond }) => perSecond),
      accepted: middle(({ accepted }) => accepted),
      'sold out': middle(({ refused }) => refused),
      failed: middle(({ failed }) => failed),
      confirmed: middle(({ confirmed = Number.NaN }) => confirmed),
    };
  };
  return [row('one product', flash), row('many products', ordinary)];
}
