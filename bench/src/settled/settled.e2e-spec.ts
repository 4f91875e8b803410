import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BenchOptions } from '../bench-options.js';
import { benchFills } from '../fills/fills.bench.js';
import { Deployment } from '../http/deployment.js';
import { LoadClient } from '../http/load.client.js';
import { openShop } from '../http/shop.js';
import { flashSale } from '../open-loop/flash.sale.js';
import { benchSettled } from './settled.bench.js';

const repoRoot = fileURLToPath(new URL('../../..', import.meta.url));
const options: BenchOptions = {
  rounds: 1,
  roundMs: 100,
  seconds: 4,
  customers: 16,
  orders: 0,
  against: 'none',
  out: undefined,
  report: () => {},
};

/** Before orders shared transactions it was 35.6 and 7.5. */
const MOST_STATEMENTS = 12;
/** More than under load: with 16 customers few orders share one. */
const MOST_COMMITS = 4;

let deployment: Deployment;
beforeAll(async () => void (deployment = await Deployment.start(repoRoot)), 300_000);
afterAll(() => deployment?.stop());

/** Counts, and no times: these are the same however busy the machine is. */
describe('in a short form', () => {
  it('measures what an order costs the primary until it is settled', async () => {
    const { bounds } = await benchSettled(deployment, options);
    expect(bounds.map(({ what }) => what)).toEqual([
      'statements an order, all processes',
      'commits an order, all processes',
    ]);
    const [statements, commits] = bounds;
    expect(statements!.value).toBeLessThan(MOST_STATEMENTS);
    expect(commits!.value).toBeLessThan(MOST_COMMITS);
  });

  it('measures who serves reads while nothing is cached', async () => {
    const { tables } = await benchFills(deployment, options);
    expect(tables[0]!.rows.map(({ node }) => node)).toEqual(
      expect.arrayContaining(['primary', 'replica-1', 'replica-2']),
    );
  });

  it('confirms as many orders of a product as there are units, however many come at once', async () => {
    const shop = await openShop(deployment, { customers: 40, products: 1, orders: 0 });
    const client = new LoadClient();
    try {
      expect(await flashSale(deployment, client, shop, 10)).toMatchObject({ confirmed: 10, failed: 0 });
    } finally {
      client.stop();
    }
  });
});
