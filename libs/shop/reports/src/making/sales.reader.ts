import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { onReadConnection, useReplica, withAffinity } from '@fourfold/db-routing';
import { composeSnowflake, parseSnowflake } from '@fourfold/sharding';
import { DataSource, type QueryRunner } from 'typeorm';
import { PageRests } from './page.rests.js';
import { dayNumber, SalesTotals } from './sales.totals.js';

const DAY_MS = 24 * 60 * 60_000;
/** An id's time is that of the process that made it; its order's `created_at` is written a moment later. */
const CLOCK_MARGIN_MS = 60 * 60_000;
/** `TO_DAYS('1970-01-01')`. */
const DAYS_BEFORE_1970 = 719_528;
/** Orders whose lines are read at once: few enough that a report that is stopped ends soon. */
const PAGE = 1_000;

/** Primary key, first and last of a range: the optimiser reads two rows. */
export const ORDER_RANGE = `
  SELECT CAST(MIN(id) AS CHAR) AS first, CAST(MAX(id) AS CHAR) AS last FROM orders WHERE id >= ? AND id < ?
`;

/** Primary key. */
export const ORDERS_PAGE = `
  SELECT CAST(id AS CHAR) AS orderId, status = 'confirmed' AS confirmed, TO_DAYS(created_at) - ${DAYS_BEFORE_1970} AS day
  FROM orders WHERE id >= ? AND id <= ? ORDER BY orders.id LIMIT ${PAGE}
`;

/** Primary key (order_id, product_id). */
export const LINES_OF_PAGE = `
  SELECT order_id AS orderId, product_id AS productId, quantity, unit_price_minor AS unitPriceMinor
  FROM order_items WHERE order_id >= ? AND order_id <= ?
`;

export interface SalesPeriod {
  /** Whole days in UTC, both included. */
  from: string;
  to: string;
}

export interface ReadOptions {
  /** Looked at between two pages. */
  signal: AbortSignal;
  /** 0 to 1. */
  onProgress: (share: number) => void;
}

interface OrderRow {
  orderId: string;
  confirmed: number | string;
  day: number | string;
}

interface LineRow {
  orderId: string | number;
  productId: string | number;
  quantity: number;
  unitPriceMinor: string | number;
}

/**
 * Adds up the confirmed orders of a period, from one replica, page by page in the order of ids, which is that of time. The
 * lines of a page are streamed. Lines never change, so a report shows each order as it was when its page was read.
 */
@Injectable()
export class SalesReader {
  constructor(private readonly dataSource: DataSource) {}

  /** @param affinity keeps one report on one replica: time moves forward only */
  totals(period: SalesPeriod, affinity: string, options: ReadOptions): Promise<SalesTotals> {
    return useReplica(() => withAffinity(affinity, () => this.read(period, options)));
  }

  private async read({ from, to }: SalesPeriod, { signal, onProgress }: ReadOptions): Promise<SalesTotals> {
    const [totals, rests] = [new SalesTotals(from, to), new PageRests()];
    const range = await this.rangeOf(from, to);
    if (!range) return totals;
    const [first, last] = [dayNumber(from), dayNumber(to)];
    let next = range.first;
    for (;;) {
      signal.throwIfAborted();
      const sinceMs = performance.now();
      const reached = await onReadConnection(this.dataSource, (runner) =>
        this.readPage(runner, next, range.last, [first, last], totals),
      );
      if (reached === undefined) return totals;
      next = reached + 1n;
      onProgress(Number(reached - range.first + 1n) / Number(range.last - range.first + 1n));
      await pause(rests.nextMs(performance.now() - sinceMs), undefined, { signal });
    }
  }

  /** @returns the last order of the page; undefined when there was none */
  private async readPage(
    runner: QueryRunner,
    from: bigint,
    to: bigint,
    [firstDay, lastDay]: [number, number],
    totals: SalesTotals,
  ): Promise<bigint | undefined> {
    const orders = await this.dataSource.query<OrderRow[]>(ORDERS_PAGE, [String(from), String(to)], runner);
    const last = orders.at(-1);
    if (!last) return undefined;
    const days = new Map<string, number>();
    for (const { orderId, confirmed, day } of orders)
      if (Number(confirmed) === 1 && Number(day) >= firstDay && Number(day) <= lastDay)
        days.set(orderId, Number(day));
    for (const day of days.values()) totals.addOrder(day);
    const lines = await runner.stream(LINES_OF_PAGE, [orders[0]!.orderId, last.orderId]);
    for await (const line of lines as AsyncIterable<LineRow>) {
      const day = days.get(String(line.orderId));
      if (day !== undefined)
        totals.addLine({
          day,
          productId: String(line.productId),
          quantity: line.quantity,
          unitPriceMinor: BigInt(line.unitPriceMinor),
        });
    }
    return BigInt(last.orderId);
  }

  private async rangeOf(from: string, to: string): Promise<{ first: bigint; last: bigint } | undefined> {
    const bounds = [
      idAt(dayNumber(from) * DAY_MS - CLOCK_MARGIN_MS),
      idAt((dayNumber(to) + 1) * DAY_MS + CLOCK_MARGIN_MS),
    ];
    const [row] = await onReadConnection(this.dataSource, (runner) =>
      this.dataSource.query<{ first: string | null; last: string | null }[]>(ORDER_RANGE, bounds, runner),
    );
    return row?.first && row.last ? { first: BigInt(row.first), last: BigInt(row.last) } : undefined;
  }
}

const [FIRST_MS, LAST_MS] = [0n, 2n ** 63n - 1n].map((id) => parseSnowflake(String(id)).timeMs) as [
  number,
  number,
];

/** The least id of that moment; there are none before or after the time that ids can hold. */
function idAt(ms: number): string {
  return composeSnowflake({ timeMs: Math.min(Math.max(ms, FIRST_MS), LAST_MS), workerId: 0, sequence: 0 });
}
