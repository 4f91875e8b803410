import { Injectable } from '@nestjs/common';
import { histogram } from '@fourfold/observability/metrics';
import { parseSnowflake } from '@fourfold/sharding';
import type { OutcomeEmail } from '@shop/contracts';

const outcomes: readonly OutcomeEmail['outcome'][] = ['confirmed', 'rejected', 'cancelled'];

@Injectable()
export class NotificationsMetrics {
  private readonly mailSeconds = histogram(
    {
      name: 'order_mail_seconds',
      help: 'From the acceptance of an order until its e-mail was sent, by the outcome that the e-mail tells',
      labelNames: ['outcome'],
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800],
    },
    outcomes.map((outcome) => ({ outcome })),
  );

  /** An order's id holds the time of its acceptance. */
  mailed({ outcome, orderId }: Pick<OutcomeEmail, 'outcome' | 'orderId'>): void {
    const acceptedMs = parseSnowflake(orderId).timeMs;
    this.mailSeconds.observe({ outcome }, Math.max(0, Date.now() - acceptedMs) / 1_000);
  }
}
