import { Injectable } from '@nestjs/common';
import { counter, gauge, histogram } from '@fourfold/observability/metrics';

@Injectable()
export class QueueMetrics {
  readonly jobs = counter({
    name: 'queue_jobs_total',
    help: 'Attempts, by how they ended',
    labelNames: ['queue', 'outcome'],
  });

  readonly waitSeconds = histogram({
    name: 'queue_wait_seconds',
    help: 'From enqueue to the first start',
    labelNames: ['queue'],
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120, 600],
  });

  readonly runSeconds = histogram({
    name: 'queue_run_seconds',
    help: 'How long one attempt took',
    labelNames: ['queue'],
    buckets: [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120],
  });

  readonly depth = gauge({
    name: 'queue_jobs',
    help: 'Jobs now, by state',
    labelNames: ['queue', 'state'],
  });
}
