import { Injectable } from '@nestjs/common';
import {
  cellCounter,
  type CounterCell,
  counter,
  gauge,
  histogram,
  startAtZero,
} from '@fourfold/observability/metrics';

const outcomes = ['completed', 'failed', 'dead', 'lost', 'handed-back', 'held', 'postponed'] as const;

const skipReasons = ['overlapping', 'repeated', 'removed'] as const;

/** Why a job of a scheduled queue is completed without a run. */
export type SkipReason = (typeof skipReasons)[number];

/** How an attempt ended. */
export type Outcome = (typeof outcomes)[number];

/** The figures of one queue's jobs, ready to be written: a look-up by labels costs more than the rest of a quick job. */
interface JobFigures {
  readonly wait: { observe(seconds: number): void };
  readonly run: { observe(seconds: number): void };
  readonly ended: Readonly<Record<Outcome, CounterCell>>;
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
    help: 'Processes that process jobs of the queue, by their heartbeats of the last 15 s',
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

  readonly scheduleSkipped = counter({
    name: 'queue_schedule_skipped_total',
    help: 'Jobs of scheduled queues that were completed without a run, by why',
    labelNames: ['queue', 'reason'],
  });

  readonly scheduleLastSuccess = gauge({
    name: 'queue_schedule_last_success_timestamp_seconds',
    help: 'When a run of the schedule last succeeded; until one has, when it was declared',
    labelNames: ['queue'],
  });

  readonly scheduleOverdueAfter = gauge({
    name: 'queue_schedule_overdue_after_timestamp_seconds',
    help: 'The third tick of the schedule after its last success',
    labelNames: ['queue'],
  });

  constructor() {
    startAtZero(this.nudges, { outcome: ['sent', 'lost'] });
  }

  /** @param queue whose jobs run in this process */
  of(queue: string): JobFigures {
    const known = this.byQueue.get(queue);
    if (known) return known;
    startAtZero(this.jobs, { queue: [queue], outcome: outcomes });
    startAtZero(this.waitSeconds, { queue: [queue] });
    startAtZero(this.runSeconds, { queue: [queue] });
    startAtZero(this.scheduleSkipped, { queue: [queue], reason: skipReasons });
    const cells = outcomes.map((outcome) => [outcome, this.jobs.cell({ queue, outcome })] as const);
    const figures = {
      wait: this.waitSeconds.labels(queue),
      run: this.runSeconds.labels(queue),
      ended: Object.fromEntries(cells) as Record<Outcome, CounterCell>,
    };
    this.byQueue.set(queue, figures);
    return figures;
  }
}
