import { Injectable } from '@nestjs/common';
import type { OrderEvent } from '@shop/contracts';
import type { EntityManager } from 'typeorm';

/** An event that is there already stays as it is. */
const INSERT_EVENTS = `
  INSERT INTO order_events (order_id, event, occurred_at, total_minor) VALUES ?
  ON DUPLICATE KEY UPDATE order_id = order_events.order_id
`;

/** The append-only log of what happened to orders. */
@Injectable()
export class OrderEventLog {
  /**
   * One statement, in `manager`'s transaction. Each event is there once, however often it is appended.
   * @param events in any order
   */
  async append(manager: EntityManager, events: readonly OrderEvent[]): Promise<void> {
    if (events.length === 0) return;
    // In the order of the primary key: two transactions that append the same events must not wait for each other.
    const rows = events
      .map(({ orderId, event, at, totalMinor }) => [orderId, event, new Date(at), totalMinor] as const)
      .toSorted(([a, one], [b, other]) =>
        a === b ? one.localeCompare(other) : a.length - b.length || (a < b ? -1 : 1),
      );
    await manager.query(INSERT_EVENTS, [rows]);
  }
}
