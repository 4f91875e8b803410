import type { BenchOptions } from '../bench-options.js';
import { atMost, type BenchResult, figure } from '../http/bench.result.js';
import { latency, latencyRatio, measure } from '../measure.js';
import type { GrowthServer } from './growth.server.js';
import { worksOf } from './growth.work.js';
import { openUncached } from './uncached.shop.js';

const FEW_ORDERS = 50_000;
const MOST = 1.2;

/**
 * The medians of what the routes and the worker have the database do, with many orders and with few, in turns on one
 * server. Without the caches: what is hot costs the same whatever else there is.
 */
export async function benchGrowth(server: GrowthServer, options: BenchOptions): Promise<BenchResult> {
  const small = await server.grow('small', FEW_ORDERS);
  const big = await server.grow('big', options.orders);
  const shops = [await openUncached(small), await openUncached(big)] as const;
  const result: BenchResult = { bench: 'growth', tables: [], bounds: [] };
  const rows: Record<string, string>[] = [];
  try {
    const [few, many] = [await worksOf(small, shops[0]), await worksOf(big, shops[1])];
    for (const [name, work] of Object.entries(few)) {
      const pair = [
        { name: 'few', ...work },
        { name: 'many', ...many[name]! },
      ];
      const { rounds, roundMs } = options;
      const measured = await measure(pair, { rounds, roundMs, concurrency: 1 });
      const [ofFew, ofMany] = [measured.get('few')!, measured.get('many')!];
      const ratio = latencyRatio(ofMany, ofFew);
      rows.push({
        what: name,
        [`ms at ${count(small.orders)}`]: figure(latency(ofFew, 0.5)),
        [`ms at ${count(big.orders)}`]: figure(latency(ofMany, 0.5)),
        ratio: ratio.toFixed(2),
      });
      result.bounds.push(
        atMost(`${name}, ${count(big.orders)} orders / ${count(small.orders)}`, ratio, MOST),
      );
      options.report(`${name}: ${ratio.toFixed(3)}`);
    }
  } finally {
    for (const shop of shops) await shop.close();
  }
  const title = `Median times, one at a time, medians of ${options.rounds} rounds; buffer pool ${server.bufferPoolMib} MiB, without the caches`;
  result.tables.push({ title, rows });
  return result;
}

const count = (orders: number): string => orders.toLocaleString('en-GB');
