import { Injectable } from '@nestjs/common';
import { counter, gauge, histogram } from '@fourfold/observability/metrics';

/** What a process that relays tells; the gauges are of the whole outbox, the same in each of them. */
@Injectable()
export class OutboxMetrics {
  readonly published = counter({
    name: 'outbox_published_total',
    help: 'Messages that the queue has confirmed',
    labelNames: ['queue'],
  });

  readonly publishErrors = counter({
    name: 'outbox_publish_errors_total',
    help: 'Batches of which the queue did not take everything',
    labelNames: ['queue'],
  });

  readonly publishLagSeconds = histogram({
    name: 'outbox_publish_lag_seconds',
    help: 'From when a message was added, or due if later, to when the queue first confirmed it',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 120, 600],
  });

  readonly reoffered = counter({
    name: 'outbox_reoffered_total',
    help: 'Messages published and not done that were offered again: past the horizon, or as the queue was found empty',
    labelNames: ['reason'],
  });

  readonly cleaned = counter({
    name: 'outbox_cleaned_total',
    help: 'Rows deleted past their retention',
    labelNames: ['table'],
  });

  readonly taskErrors = counter({
    name: 'outbox_task_errors_total',
    help: 'What the relay process could not do and tries again: scan, claim, mark, reconcile, ask the queue, clean, measure',
    labelNames: ['task'],
  });

  readonly pending = gauge({
    name: 'outbox_pending',
    help: 'Messages that the queue has not confirmed yet, those of a later due time included',
    labelNames: ['queue'],
  });

  readonly oldestPendingAge = gauge({
    name: 'outbox_oldest_pending_age_seconds',
    help: 'How long the oldest message not published yet has been due; 0 when none is',
    labelNames: ['queue'],
  });

  readonly publishedNotDone = gauge({
    name: 'outbox_published_not_done',
    help: 'Messages that the queue has confirmed and whose effect is not there yet',
    labelNames: ['queue'],
  });

  readonly oldestPublishedAge = gauge({
    name: 'outbox_oldest_published_age_seconds',
    help: 'Since the oldest message that is published and not done was due',
    labelNames: ['queue'],
  });
}
