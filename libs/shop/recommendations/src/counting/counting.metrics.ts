import { Injectable } from '@nestjs/common';
import { counter, startAtZero } from '@fourfold/observability/metrics';

const outcomes = ['whole', 'sampled', 'left_out'] as const;

/** A transaction that loses a deadlock is run again, and counts again here. */
@Injectable()
export class CountingMetrics {
  private readonly orders = counter({
    name: 'recommendation_orders_total',
    help: 'Orders that came to be counted: all of their products, some of them, or none since they are not confirmed any more',
    labelNames: ['outcome'],
  });

  readonly forgotten = counter({
    name: 'recommendation_pairs_forgotten_total',
    help: 'Pairs of products that gave way to others of the same product',
  });

  constructor() {
    startAtZero(this.orders, { outcome: outcomes });
  }

  counted(orders: Readonly<Record<(typeof outcomes)[number], number>>): void {
    for (const outcome of outcomes) this.orders.inc({ outcome }, orders[outcome]);
  }
}
