import { Injectable } from '@nestjs/common';
import { counter, gauge, histogram, startAtZero } from '@fourfold/observability/metrics';

@Injectable()
export class OutboxMetrics {
  readonly published = counter({
    name: 'outbox_published_total',
    help: 'Messages that the queue has confirmed',
    labelNames: ['queue'],
  });

  readonly errors = counter({
    name: 'outbox_publish_errors_total',
    help: 'Batches that could not be claimed, published or marked as a whole',
    labelNames: ['queue'],
  });

  readonly lag = histogram({
    name: 'outbox_publish_lag_seconds',
    help: 'From the moment a message was due until the queue had it',
    labelNames: ['queue'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30, 120],
  });

  readonly pending = gauge({
    name: 'outbox_pending',
    help: 'Messages that are not published yet, those that are due later included',
    labelNames: ['queue'],
  });

  readonly pendingAge = gauge({
    name: 'outbox_oldest_pending_seconds',
    help: 'For how long the oldest message that was never published has been due',
    labelNames: ['queue'],
  });

  readonly undoneAge = gauge({
    name: 'outbox_oldest_undone_seconds',
    help: 'For how long the oldest message that is published and not done has been due',
    labelNames: ['queue'],
  });

  startAtZero(queue: readonly string[]): void {
    startAtZero(this.published, { queue });
    startAtZero(this.errors, { queue });
    startAtZero(this.lag, { queue });
  }
}
