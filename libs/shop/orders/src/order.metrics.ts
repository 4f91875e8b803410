import { Injectable } from '@nestjs/common';
import { counter, histogram } from '@fourfold/observability/metrics';

const settledOutcomes = ['confirmed', 'rejected'] as const;
export type SettledOutcome = (typeof settledOutcomes)[number];

/** The stages of the order flow that orders know of; `order_mail_seconds` of the notifications is the last one. */
@Injectable()
export class OrderMetrics {
  readonly accepted = counter({
    name: 'orders_accepted_total',
    help: 'Orders that were stored; an answer given again for the same idempotency key is none',
  });

  private readonly settleSeconds = histogram(
    {
      name: 'order_settle_seconds',
      help: 'From the acceptance of an order until its stock was taken or refused, by which',
      labelNames: ['outcome'],
      buckets: [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
    },
    settledOutcomes.map((outcome) => ({ outcome })),
  );

  settled(outcome: SettledOutcome, acceptedAt: Date): void {
    this.settleSeconds.observe({ outcome }, Math.max(0, Date.now() - acceptedAt.getTime()) / 1_000);
  }
}
