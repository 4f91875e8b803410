import { Injectable } from '@nestjs/common';
import { counter, gauge, startAtZero } from '@fourfold/observability/metrics';
import { deadReasons } from '../dead-reason.js';

@Injectable()
export class DeadLetterMetrics {
  readonly recorded = counter({
    name: 'queue_dead_letters_total',
    help: 'Jobs that were recorded as dead letters, each once in all processes',
    labelNames: ['queue', 'reason'],
  });

  readonly open = gauge({
    name: 'queue_dead_letters_open',
    help: 'Dead letters that are still open, as the table says: the same number in every worker',
    labelNames: ['queue', 'reason'],
  });

  readonly autoRedriven = counter({
    name: 'queue_dead_letters_auto_redriven_total',
    help: 'Dead letters that were delivered anew without an operator',
    labelNames: ['queue'],
  });

  startAtZero(queue: readonly string[]): void {
    startAtZero(this.recorded, { queue, reason: deadReasons });
    startAtZero(this.autoRedriven, { queue });
  }
}
