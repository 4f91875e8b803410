import type { ObjectStore } from '@fourfold/object-storage';
import { parquetRows } from './parquet.files.js';

/** What all places have to agree on, by table: rows, and sums of what can be summed up. */
export type Totals = Readonly<Record<'orders' | 'order_items' | 'users', Readonly<Record<string, string>>>>;

/** Of MySQL and of DuckDB, but for `LENGTH`, which is of characters in DuckDB. */
export const TOTALS: Record<keyof Totals, string> = {
  orders: `SELECT COUNT(*) AS n, SUM(total_minor) AS total, SUM(id) AS ids, SUM(version) AS versions,
    SUM(CASE WHEN status = 'cancelled' THEN 1 ELSE 0 END) AS cancelled, COUNT(DISTINCT user_id) AS customers FROM orders`,
  order_items: `SELECT COUNT(*) AS n, SUM(quantity) AS units, SUM(quantity * unit_price_minor) AS revenue,
    SUM(order_id) AS orders, SUM(product_id) AS products FROM order_items`,
  users: `SELECT COUNT(*) AS n, SUM(id) AS ids, SUM(version) AS versions, SUM(LENGTH(name)) AS letters FROM users`,
};

/** What the Parquet files have, summed up here. */
export async function parquetTotals(store: ObjectStore): Promise<Totals> {
  const rows = (table: keyof Totals) => parquetRows(store, table);
  const [orders, items, users] = [await rows('orders'), await rows('order_items'), await rows('users')];
  const sum = (of: readonly (bigint | number)[]) =>
    String(of.reduce<bigint>((total, each) => total + BigInt(each), 0n));
  const each = (from: readonly object[], column: string) =>
    from.map((row) => (row as Record<string, bigint | number>)[column]!);
  return {
    orders: {
      n: String(orders.length),
      total: sum(each(orders, 'total_minor')),
      ids: sum(each(orders, 'id')),
      versions: sum(each(orders, 'version')),
      cancelled: String(orders.filter(({ status }) => status === 'cancelled').length),
      customers: String(new Set(each(orders, 'user_id')).size),
    },
    order_items: {
      n: String(items.length),
      units: sum(each(items, 'quantity')),
      revenue: sum(
        items.map((row) => BigInt(row['quantity'] as number) * (row['unit_price_minor'] as bigint)),
      ),
      orders: sum(each(items, 'order_id')),
      products: sum(each(items, 'product_id')),
    },
    users: {
      n: String(users.length),
      ids: sum(each(users, 'id')),
      versions: sum(each(users, 'version')),
      letters: sum(users.map(({ name }) => [...(name as string)].length)),
    },
  };
}

/** By column, of the answers of several places. */
export function sumOf(parts: readonly Record<string, string | null>[]): Record<string, string> {
  const names = Object.keys(parts[0] ?? {});
  const sum = (name: string) => parts.reduce((total, part) => total + BigInt(part[name] ?? 0), 0n);
  return Object.fromEntries(names.map((name) => [name, String(sum(name))]));
}
