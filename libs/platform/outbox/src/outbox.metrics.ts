import { Injectable } from '@nestjs/common';
import { counter } from '@fourfold/observability/metrics';

@Injectable()
export class OutboxMetrics {
  readonly published = counter({
    name: 'outbox_published_total',
    help: 'Messages that the queue has confirmed',
  });

  readonly errors = counter({
    name: 'outbox_publish_errors_total',
    help: 'Rounds of the relay in which something was not published',
  });
}
