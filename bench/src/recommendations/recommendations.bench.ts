import type { MultiLevelCache } from '@fourfold/cache';
import { inTransaction } from '@fourfold/db-routing';
import { countBaskets, CountingMetrics, MOST_PAIRS, NeighbourReader, PairStore } from '@shop/recommendations';
import { createConnection } from 'mysql2/promise';
import { DataSource, type EntityManager } from 'typeorm';
import type { BenchOptions } from '../bench-options.js';
import { atMost, type BenchResult, figure } from '../http/bench.result.js';
import { latency, latencyRatio, measure, type Contender } from '../measure.js';
import type { CountsServer } from './counts.server.js';
import { idOf, loadCounts } from './counted.rows.js';
import { type Basket, basketsOf, purchasesOf } from './purchase.plan.js';

const FEW_ORDERS = 10_000;
/** One product for so many orders: 100,000 of a million. */
const ORDERS_A_PRODUCT = 10;
const GROUP = 32;
const LARGE = 50;
const MIB = 1_024 * 1_024;
/** All pairs of all products, as full as they may be, take some 60 bytes each. */
const MOST_BYTES_A_PAIR = 100;
const MOST_STATEMENTS = 6;

/** Every read goes to the database. */
const noCache = {
  namespace: () => ({ getOrLoad: (_id: string, load: () => Promise<unknown>) => load() }),
} as unknown as MultiLevelCache;

/**
 * How much a shop's orders leave behind in the tables of recommendations, and what one more order costs there: in a shop
 * of as many orders as are asked for, beside one of few.
 */
export async function benchRecommendations(
  server: CountsServer,
  options: BenchOptions,
): Promise<BenchResult> {
  const { orders, report } = options;
  const dataSource = await openCounts(server);
  try {
    const few = await filled(server, dataSource, Math.min(orders, FEW_ORDERS), report);
    const ofFew = await costs(dataSource, few, options);
    const many = await filled(server, dataSource, orders, report);
    const ofMany = await costs(dataSource, many, options);
    const costRows = [...ofMany].map(([name, rounds]) => ({
      what: name,
      [`ms at ${count(few.orders)} orders`]: figure(latency(ofFew.get(name)!, 0.5)),
      [`ms at ${count(many.orders)} orders`]: figure(latency(rounds, 0.5)),
      'p99 ms': figure(latency(rounds, 0.99)),
      ratio: latencyRatio(rounds, ofFew.get(name)!).toFixed(2),
    }));
    const { statements, rows: written } = await statementsOf(dataSource, many);
    return {
      bench: 'recommendations',
      tables: [
        { title: 'What is stored', rows: [rowOf(few), rowOf(many)] },
        { title: 'What a transaction costs, one at a time; medians', rows: costRows },
        {
          title: `What ${GROUP} orders of one transaction cost the primary`,
          rows: [{ statements: figure(statements), 'rows written an order': figure(written / GROUP) }],
        },
      ],
      bounds: [
        atMost('pairs of the product that has most', many.mostOfOne, MOST_PAIRS),
        atMost('bytes of disk a pair', (many.mib * MIB) / many.pairs, MOST_BYTES_A_PAIR),
        atMost(`statements of a transaction of ${GROUP} orders`, statements, MOST_STATEMENTS),
      ],
    };
  } finally {
    await dataSource.destroy();
  }
}

interface Filled {
  orders: number;
  products: number;
  pairs: number;
  mostOfOne: number;
  mib: number;
}

async function filled(
  { appUrl }: CountsServer,
  dataSource: DataSource,
  orders: number,
  report: BenchOptions['report'],
): Promise<Filled> {
  const products = Math.ceil(orders / ORDERS_A_PRODUCT);
  for (const table of ['basket_pairs', 'basket_products']) await dataSource.query(`DELETE FROM ${table}`);
  const connection = await createConnection({ uri: appUrl });
  await loadCounts(connection, purchasesOf(orders, products, 1));
  await connection.end();
  const [most] = await dataSource.query<{ pairs: string }[]>(
    'SELECT MAX(pairs) AS pairs FROM (SELECT COUNT(*) AS pairs FROM basket_pairs GROUP BY product_id) AS of_each',
  );
  const [all] = await dataSource.query<{ pairs: string }[]>('SELECT COUNT(*) AS pairs FROM basket_pairs');
  await dataSource.query('ANALYZE TABLE basket_pairs, basket_products');
  const [size] = await dataSource.query<{ bytes: string }[]>(
    `SELECT SUM(data_length + index_length) AS bytes FROM information_schema.tables
     WHERE table_schema = DATABASE() AND table_name IN ('basket_pairs', 'basket_products')`,
  );
  const one = {
    orders,
    products,
    pairs: Number(all!.pairs),
    mostOfOne: Number(most!.pairs),
    mib: Number(size!.bytes) / MIB,
  };
  report(`${count(orders)} orders counted: ${count(one.pairs)} pairs, ${figure(one.mib)} MiB`);
  return one;
}

function costs(dataSource: DataSource, { products }: Filled, { rounds, roundMs }: BenchOptions) {
  const next = basketsOf(products, 2);
  const large = largeOf(next);
  const store = new PairStore(new CountingMetrics());
  const add = (baskets: readonly Basket[]) =>
    inTransaction(dataSource, (manager) =>
      store.add(manager, countBaskets(baskets.map((of) => of.map(idOf)))),
    );
  const reader = new NeighbourReader(dataSource, noCache);
  const works: Contender[] = [
    { name: 'an order', once: () => add([next()]) },
    { name: `${GROUP} orders`, once: () => add(Array.from({ length: GROUP }, next)) },
    { name: `an order of ${LARGE} products`, once: () => add([large()]) },
    { name: 'neighbours of a product, read', once: () => reader.ofProduct(idOf(next()[0]!)) },
    {
      name: 'neighbours of an order, read',
      once: () => reader.ofBasket({ orderId: '1', productIds: next().map(idOf) }),
    },
  ];
  return measure(works, { rounds, roundMs, concurrency: 1 });
}

/** As many products as are paired of one order. */
function largeOf(next: () => Basket): () => Basket {
  return () => {
    const basket = new Set<number>();
    while (basket.size < LARGE) for (const product of next()) basket.add(product);
    return [...basket].slice(0, LARGE);
  };
}

async function statementsOf(
  dataSource: DataSource,
  { products }: Filled,
): Promise<{ statements: number; rows: number }> {
  const next = basketsOf(products, 3);
  const store = new PairStore(new CountingMetrics());
  const baskets = Array.from({ length: GROUP }, () => next().map(idOf));
  const counts = countBaskets(baskets);
  let statements = 0;
  await inTransaction(dataSource, (manager) => {
    const counting = Object.create(manager) as EntityManager;
    counting.query = (...parameters: Parameters<EntityManager['query']>) => {
      statements += 1;
      return manager.query(...parameters);
    };
    return store.add(counting, counts);
  });
  return { statements, rows: counts.products.length + counts.pairs.length };
}

function openCounts({ appUrl }: CountsServer): Promise<DataSource> {
  return new DataSource({
    type: 'mysql',
    url: appUrl,
    isolationLevel: 'READ COMMITTED',
    supportBigNumbers: true,
    bigNumberStrings: true,
  }).initialize();
}

function rowOf({ orders, products, pairs, mostOfOne, mib }: Filled): Record<string, string> {
  return {
    orders: count(orders),
    products: count(products),
    'rows of pairs': count(pairs),
    'most of one product': count(mostOfOne),
    'MiB on disk': figure(mib),
    'bytes a row': figure((mib * MIB) / pairs),
  };
}

const count = (orders: number): string => orders.toLocaleString('en-GB');
