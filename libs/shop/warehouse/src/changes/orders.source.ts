import { Injectable } from '@nestjs/common';
import { onReadConnection, useReadIndex } from '@fourfold/db-routing';
import { DataSource, type QueryRunner } from 'typeorm';
import type { ChangeBatch, Watermark } from '../store/warehouse.store.js';
import type { TextRow } from '../store/warehouse.tables.js';
import { WAREHOUSE_OPTIONS, type WarehouseSettings } from '../warehouse.options.js';
import { Inject } from '@nestjs/common';
import { BATCH, type ChangeSource } from './change.source.js';
import { type Horizon, horizonOf } from './safe.horizon.js';

/** By orders_changed, in its order: two ranges of it, so that rows of one and the same moment are passed once. */
export const CHANGED_ORDERS = `
  SELECT CAST(id AS CHAR) AS orderId, CAST(user_id AS CHAR) AS userId, status, rejection_reason AS rejectionReason,
    CAST(total_minor AS CHAR) AS totalMinor, currency, CAST(version AS CHAR) AS version,
    CAST(created_at AS CHAR) AS createdAt, CAST(updated_at AS CHAR) AS updatedAt
  FROM orders FORCE INDEX (orders_changed)
  WHERE (updated_at = ? AND id > ?) OR (updated_at > ? AND updated_at <= ?)
  ORDER BY orders.updated_at, orders.id
  LIMIT ${BATCH}
`;

/** Primary key (order_id, product_id). */
const ITEMS_OF_ORDERS = `
  SELECT CAST(order_id AS CHAR) AS orderId, CAST(product_id AS CHAR) AS productId, CAST(line AS CHAR) AS line,
    CAST(quantity AS CHAR) AS quantity, CAST(unit_price_minor AS CHAR) AS unitPriceMinor
  FROM order_items WHERE order_id IN (?)
`;

interface OrderRow {
  orderId: string;
  userId: string;
  status: string;
  rejectionReason: string | null;
  totalMinor: string;
  currency: string;
  version: string;
  createdAt: string;
  updatedAt: string;
}

interface ItemRow {
  orderId: string;
  productId: string;
  line: string;
  quantity: string;
  unitPriceMinor: string;
}

/**
 * Orders of the main cluster, each with its items. Items are written in the transaction of their order and never change,
 * so they need no watermark and no index of their own, and no order is ever in the warehouse without them.
 */
@Injectable()
export class OrdersSource implements ChangeSource {
  readonly name = 'orders';
  readonly tables = ['orders', 'order_items'] as const;

  constructor(
    private readonly dataSource: DataSource,
    @Inject(WAREHOUSE_OPTIONS) private readonly settings: WarehouseSettings,
  ) {}

  horizon(): Promise<Horizon> {
    // A plain query is asked of the primary.
    return horizonOf(
      (sql, parameters) => this.dataSource.query(sql, parameters),
      this.settings.lagMs,
      'The primary',
    );
  }

  next(after: Watermark, until: string): Promise<ChangeBatch | undefined> {
    return useReadIndex(() => onReadConnection(this.dataSource, (runner) => this.read(runner, after, until)));
  }

  private async read(runner: QueryRunner, after: Watermark, until: string): Promise<ChangeBatch | undefined> {
    const { updatedAt, id } = after;
    const orders = await this.dataSource.query<OrderRow[]>(
      CHANGED_ORDERS,
      [updatedAt, id, updatedAt, until],
      runner,
    );
    const last = orders.at(-1);
    if (!last) return undefined;
    const createdAt = new Map(orders.map((order) => [order.orderId, order.createdAt]));
    const items = await this.dataSource.query<ItemRow[]>(ITEMS_OF_ORDERS, [[...createdAt.keys()]], runner);
    return {
      source: this.name,
      rows: {
        orders: orders.map(orderValues),
        order_items: items.map((item) => [...itemValues(item), createdAt.get(item.orderId)!]),
      },
      watermark: { updatedAt: last.updatedAt, id: last.orderId },
    };
  }
}

const orderValues = (order: OrderRow): TextRow => [
  order.orderId,
  order.userId,
  order.status,
  order.rejectionReason,
  order.totalMinor,
  order.currency,
  order.version,
  order.createdAt,
  order.updatedAt,
];

const itemValues = (item: ItemRow): string[] => [
  item.orderId,
  item.productId,
  item.line,
  item.quantity,
  item.unitPriceMinor,
];
