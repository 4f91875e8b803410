import { Injectable } from '@nestjs/common';
import {
  cellCounter,
  type CounterCell,
  counter,
  gauge,
  histogram,
  startAtZero,
} from '@fourfold/observability/metrics';

const outcomes = ['completed', 'failed', 'dead', 'lost', 'handed-back', 'held'] as const;

/** How an attempt ended. */
export type Outcome = (typeof outcomes)[number];

/** The figures of one queue's jobs, ready to be written: a look-up by labels costs more than the rest of a quick job. */
interface JobFigures {
  readonly wait: { observe(seconds: number): void };
  readonly run: { observe(seconds: number): void };
  readonly ended: (outcome: Outcome) => CounterCell;
}

@Injectable()
export class QueueMetrics {
  private readonly byQueue = new Map<string, JobFigures>();

  readonly jobs = cellCounter({
    name: 'queue_jobs_total',
    help: 'Attempts, by how they ended',
    labelNames: ['queue', 'outcome'],
  });

  readonly waitSeconds = histogram({
    name: 'queue_wait_seconds',
    help: 'From enqueue to a start of the first attempt',
    labelNames: ['queue'],
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120, 600],
  });

  readonly runSeconds = histogram({
    name: 'queue_run_seconds',
    help: 'How long one attempt took',
    labelNames: ['queue'],
    buckets: [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120],
  });

  readonly jobsNow = gauge({
    name: 'queue_jobs',
    help: 'Jobs now, by state',
    labelNames: ['queue', 'state'],
  });

  readonly oldestWaitingSeconds = gauge({
    name: 'queue_oldest_waiting_seconds',
    help: 'How long the job that is next in line has waited; 0 when none does',
    labelNames: ['queue'],
  });

  readonly paused = gauge({
    name: 'queue_paused',
    help: '1 while the queue is paused: no worker takes a job of it',
    labelNames: ['queue'],
  });

  readonly held = gauge({
    name: 'queue_held',
    help: '1 while jobs of the queue wait for a dependency that is away for this process; else missing',
    labelNames: ['queue', 'dependency'],
  });

  readonly workers = gauge({
    name: 'queue_workers',
    help: 'Processes that work the queue off, by their heartbeats of the last 15 s',
    labelNames: ['queue'],
  });

  readonly redisUp = gauge({
    name: 'queue_redis_up',
    help: '1 while the queue Redis answers; at 0 the other figures of the queues are missing',
  });

  readonly nudges = counter({
    name: 'queue_nudges_total',
    help: 'Nudges for the relays, by whether Redis took them; many within a few milliseconds are one',
    labelNames: ['outcome'],
  });

  constructor() {
    startAtZero(this.nudges, { outcome: ['sent', 'lost'] });
  }

  /** @param queue that this process works off */
  of(queue: string): JobFigures {
    let figures = this.byQueue.get(queue);
    if (!figures) {
      startAtZero(this.jobs, { queue: [queue], outcome: outcomes });
      startAtZero(this.waitSeconds, { queue: [queue] });
      startAtZero(this.runSeconds, { queue: [queue] });
      const cells = new Map<Outcome, CounterCell>();
      figures = {
        wait: this.waitSeconds.labels(queue),
        run: this.runSeconds.labels(queue),
        ended: (outcome) => {
          const cell = cells.get(outcome) ?? this.jobs.cell({ queue, outcome });
          cells.set(outcome, cell);
          return cell;
        },
      };
      this.byQueue.set(queue, figures);
    }
    return figures;
  }
}
