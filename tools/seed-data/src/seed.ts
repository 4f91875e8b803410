import { BulkTable, timeText } from './bulk.table.js';
import { OrderRows } from './order.rows.js';
import { ordersOf } from './orders.plan.js';
import { type Output, ProgressLine } from './progress.line.js';
import { SeedTarget, type TargetUrls } from './seed.target.js';
import { productsOf, type SeedProduct, type SeedSizes, type SeedUser, usersOf } from './shop.plan.js';

export interface SeedChoice extends SeedSizes, TargetUrls {
  besideOthers: boolean;
  output: Output;
}

export interface SeedOutcome {
  /** Of all tables. */
  rows: number;
  seconds: number;
  /** Of each product, by id: what was there before the first order. */
  stockAtStart: ReadonlyMap<string, number>;
}

/** Orders in one statement. */
const CHUNK = 20_000;

/** @throws SeedTargetError; what was loaded before any other error stays, and is not consistent */
export async function seedData({ besideOthers, output, ...choice }: SeedChoice): Promise<SeedOutcome> {
  const startMs = performance.now();
  const target = await SeedTarget.open(choice, besideOthers);
  try {
    const [products, users] = [productsOf(choice), usersOf(choice)];
    let rows = await loadProducts(target, products);
    rows += await loadUsers(target, users, new ProgressLine(output, 'users', users.length));
    const placed = await loadOrders(target, choice, products, users, output);
    rows += placed.rows;
    rows += await loadStock(target, products);
    rows += await loadIndex(target, users, placed, new ProgressLine(output, 'order index', choice.orders));
    await target.count();
    const stockAtStart = new Map(products.map(({ id, left }, nth) => [id, left + placed.sold[nth]!]));
    return { rows, seconds: (performance.now() - startMs) / 1_000, stockAtStart };
  } finally {
    await target.close();
  }
}

async function loadProducts({ primary: [primary] }: SeedTarget, products: readonly SeedProduct[]) {
  const table = new BulkTable(primary, 'products', [
    'id',
    'sku',
    'name',
    'price_minor',
    'currency',
    'created_at',
  ]);
  for (const { id, sku, name, priceMinor, createdMs } of products)
    table.add(id, sku, name, priceMinor, 'GBP', timeText(createdMs));
  await table.flush();
  return table.loaded;
}

async function loadStock({ primary: [primary] }: SeedTarget, products: readonly SeedProduct[]) {
  const table = new BulkTable(primary, 'stock', ['product_id', 'available']);
  for (const { id, left } of products) table.add(id, left);
  await table.flush();
  return table.loaded;
}

async function loadUsers(
  { ring, shards }: SeedTarget,
  users: readonly SeedUser[],
  progress: ProgressLine,
): Promise<number> {
  const tables = tablesOf(shards, 'users', ['id', 'name', 'email', 'created_at']);
  const emails = tablesOf(shards, 'user_emails', ['email', 'user_id', 'state', 'reserved_until']);
  for (let from = 0; from < users.length; from += CHUNK) {
    for (const { id, name, email, createdMs } of users.slice(from, from + CHUNK)) {
      const at = timeText(createdMs);
      tables.get(ring.locate(id).shard)!.add(id, name, email, at);
      emails.get(ring.locate(email).shard)!.add(email, id, 'confirmed', at);
    }
    await flushAll(tables);
    await flushAll(emails);
    progress.show(Math.min(users.length, from + CHUNK));
  }
  return loadedBy(tables) + loadedBy(emails);
}

interface PlacedOrders {
  rows: number;
  /** Of each order, in the order of time. */
  ids: BigUint64Array;
  usersOf: Uint32Array;
  atMs: Float64Array;
  /** Units, by the product's index. */
  sold: Float64Array;
}

async function loadOrders(
  { primary }: SeedTarget,
  sizes: SeedSizes,
  products: readonly SeedProduct[],
  users: readonly SeedUser[],
  output: Output,
): Promise<PlacedOrders> {
  const progress = new ProgressLine(output, 'orders', sizes.orders);
  const rows = new OrderRows(primary, products, users, sizes.untilMs);
  const placed = {
    ids: new BigUint64Array(sizes.orders),
    usersOf: new Uint32Array(sizes.orders),
    atMs: new Float64Array(sizes.orders),
    sold: new Float64Array(products.length),
  };
  let nth = 0;
  let loading: Promise<void> = Promise.resolve();
  for (const order of ordersOf(sizes)) {
    rows.add(order);
    placed.ids[nth] = BigInt(order.id);
    placed.usersOf[nth] = order.user;
    placed.atMs[nth] = order.atMs;
    if (order.status === 'confirmed')
      for (const { product, quantity } of order.lines) placed.sold[product]! += quantity;
    nth += 1;
    if (nth % CHUNK !== 0 && nth !== sizes.orders) continue;
    // The next rows are made while the server takes these.
    await loading;
    progress.show(nth);
    loading = rows.flush();
    loading.catch(() => {});
  }
  await loading;
  return { ...placed, rows: rows.loaded };
}

/** By user, as the primary key has them: rows that come in its order are appended. */
async function loadIndex(
  { ring, shards }: SeedTarget,
  users: readonly SeedUser[],
  placed: PlacedOrders,
  progress: ProgressLine,
): Promise<number> {
  const tables = tablesOf(shards, 'user_orders', ['user_id', 'order_id', 'created_at']);
  const orders = Uint32Array.from(placed.ids.keys()).sort(
    (a, b) => placed.usersOf[a]! - placed.usersOf[b]! || a - b,
  );
  const shardOf = users.map(({ id }) => ring.locate(id).shard);
  for (let from = 0; from < orders.length; from += CHUNK) {
    for (const order of orders.subarray(from, from + CHUNK)) {
      const user = placed.usersOf[order]!;
      const id = placed.ids[order]!.toString();
      tables.get(shardOf[user]!)!.add(users[user]!.id, id, timeText(placed.atMs[order]!));
    }
    await flushAll(tables);
    progress.show(Math.min(orders.length, from + CHUNK));
  }
  return loadedBy(tables);
}

function tablesOf(shards: SeedTarget['shards'], table: string, columns: readonly string[]) {
  return new Map(
    Object.entries(shards).map(([name, connection]) => [name, new BulkTable(connection, table, columns)]),
  );
}

const flushAll = (tables: ReadonlyMap<string, BulkTable>) =>
  Promise.all([...tables.values()].map((table) => table.flush()));

const loadedBy = (tables: ReadonlyMap<string, BulkTable>): number =>
  [...tables.values()].reduce((sum, { loaded }) => sum + loaded, 0);
