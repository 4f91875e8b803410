import { Injectable } from '@nestjs/common';
import { onReadConnection, useReplica } from '@fourfold/db-routing';
import { type OrderEventKind, orderEventKinds } from '@shop/contracts';
import { DataSource } from 'typeorm';
import { type FunnelRange, HOUR_MS } from './funnel.schema.js';

/** Index order_events_time, and nothing else: it has all columns that are read. */
export const EVENTS_BY_HOUR = `
  SELECT TIMESTAMPDIFF(HOUR, ?, occurred_at) AS hour, event, COUNT(*) AS events
  FROM order_events FORCE INDEX (order_events_time)
  WHERE occurred_at >= ? AND occurred_at < ?
  GROUP BY hour, event
`;

interface Row {
  /** From 0, the first of the range. */
  hour: number | string;
  event: OrderEventKind;
  events: number | string;
}

/** How many orders got so far in one hour. An order that is confirmed in the hour after it was placed counts in both. */
export type FunnelHour = { /** When it begins. */ hour: string } & Record<OrderEventKind, number>;

@Injectable()
export class FunnelReader {
  constructor(private readonly dataSource: DataSource) {}

  /** Each hour of the range, also those without events. From a replica: it may be a little old. */
  async hours({ from, to }: FunnelRange): Promise<FunnelHour[]> {
    const count = Math.ceil((to.getTime() - from.getTime()) / HOUR_MS);
    const hours = Array.from({ length: count }, (_, nth): FunnelHour => {
      const none = Object.fromEntries(orderEventKinds.map((kind) => [kind, 0]));
      return {
        hour: new Date(from.getTime() + nth * HOUR_MS).toISOString(),
        ...(none as Record<OrderEventKind, number>),
      };
    });
    for (const { hour, event, events } of await this.read(from, to))
      hours[Number(hour)]![event] = Number(events);
    return hours;
  }

  private read(from: Date, to: Date): Promise<Row[]> {
    return useReplica(() =>
      onReadConnection(this.dataSource, (runner) =>
        this.dataSource.query<Row[]>(EVENTS_BY_HOUR, [from, from, to], runner),
      ),
    );
  }
}
