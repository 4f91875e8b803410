import { type Board, lines, query, quietQuery, stat } from '../board.js';

const OF = 'queue=~"$queue"';

export const queues: Board = {
  slug: 'queues',
  title: 'Fourfold / Queues and dead letters',
  says: 'Whether the workers keep up, what fails, and what waits for an operator. Gauges of a queue are the same in every process, so they are never added up over processes.',
  variables: [{ name: 'queue', of: 'queue_jobs', label: 'Queue' }],
  rows: [
    {
      title: 'Do the workers keep up?',
      panels: [
        stat(
          'Jobs that wait',
          'short',
          'Of all queues. Over 10,000 workers are added.',
          quietQuery('sum(fourfold:queue_waiting)', 'waiting'),
          { limits: { warn: 1_000, bad: 10_000 }, alerts: ['QueueLong'] },
        ),
        stat(
          'Delay, p95',
          's',
          'From enqueue to the start of the first attempt, over five minutes, of the slowest queue.',
          query('max(fourfold:queue_delay_seconds:p95_5m)', 'p95'),
          { limits: { warn: 30, bad: 300 }, alerts: ['QueueOldestJobOld'] },
        ),
        stat(
          'Failing',
          'percentunit',
          'Attempts that failed, of all, over five minutes, of the worst queue.',
          quietQuery('max(fourfold:queue_failure_ratio:5m)', 'failed'),
          { limits: { warn: 0.01, bad: 0.05 }, alerts: ['QueueFailureRatioHigh'] },
        ),
        stat(
          'Workers',
          'short',
          'Processes that work the queue off which has the fewest.',
          query('min(max by (queue) (queue_workers))', 'workers'),
          { limits: { warn: 2, bad: 1, below: true }, alerts: ['QueueWithoutWorker'] },
        ),
        stat(
          'Queue Redis',
          'short',
          '1 while it answers. At 0 the other figures of the queues are missing.',
          query('max(queue_redis_up)', 'up'),
          { limits: { bad: 1, below: true }, alerts: ['QueueFiguresLost'] },
        ),
        stat(
          'Open dead letters',
          'short',
          'Jobs that were given up and that no operator has resolved.',
          quietQuery('sum(max by (queue, reason) (queue_dead_letters_open))', 'open'),
          { limits: { bad: 1 }, alerts: ['DeadLettersGrowing'] },
        ),
        lines(
          'Jobs by state',
          'short',
          'Now, by queue and state.',
          quietQuery(`max by (queue, state) (queue_jobs{${OF}})`, '{{queue}} {{state}}'),
          { limits: { bad: 10_000 }, alerts: ['QueueLong'] },
        ),
        lines(
          'Attempts',
          'reqps',
          'Attempts that ended, a second, by queue and how.',
          query(
            `sum by (queue, outcome) (rate(queue_jobs_total{${OF}}[$__rate_interval]))`,
            '{{queue}} {{outcome}}',
          ),
        ),
        lines(
          'Waiting time, p95',
          's',
          'From enqueue to the start of the first attempt.',
          query(
            `histogram_quantile(0.95, sum by (le, queue) (rate(queue_wait_seconds_bucket{${OF}}[$__rate_interval])))`,
            '{{queue}}',
          ),
          { limits: { warn: 30, bad: 300 }, alerts: ['QueueOldestJobOld'] },
        ),
        lines(
          'Run time, p95',
          's',
          'Of one attempt.',
          query(
            `histogram_quantile(0.95, sum by (le, queue) (rate(queue_run_seconds_bucket{${OF}}[$__rate_interval])))`,
            '{{queue}}',
          ),
        ),
        lines(
          'The job that has waited longest',
          's',
          'How long the job that is next in line has waited.',
          quietQuery(`max by (queue) (queue_oldest_waiting_seconds{${OF}})`, '{{queue}}'),
          { limits: { warn: 30, bad: 300 }, alerts: ['QueueOldestJobOld'] },
        ),
        lines(
          'Workers by queue',
          'short',
          'Processes that work a queue off, by their heartbeats.',
          query(`max by (queue) (queue_workers{${OF}})`, '{{queue}}'),
          { limits: { bad: 1, below: true }, alerts: ['QueueWithoutWorker'] },
        ),
        lines(
          'Since a schedule last succeeded',
          's',
          'Of queues that run by the clock; the alert comes with the third tick after the last success.',
          quietQuery(
            `time() - max by (queue) (queue_schedule_last_success_timestamp_seconds{${OF}})`,
            '{{queue}}',
          ),
          { alerts: ['ScheduleOverdue'] },
        ),
        lines(
          'Runs skipped',
          'short',
          'In the last five minutes: ticks that came while a run was under way, or had had their run.',
          quietQuery(
            `sum by (queue, reason) (increase(queue_schedule_skipped_total{${OF}}[5m]))`,
            '{{queue}} {{reason}}',
          ),
        ),
      ],
    },
    {
      title: 'What fails',
      panels: [
        lines(
          'Attempts that did not succeed',
          'reqps',
          'A second, by how they ended: failed (tried again), dead, lost with its worker, handed back, held.',
          quietQuery(
            `sum by (queue, outcome) (rate(queue_jobs_total{${OF}, outcome!="completed"}[$__rate_interval]))`,
            '{{queue}} {{outcome}}',
          ),
          { alerts: ['QueueFailureRatioHigh', 'QueueJobsLost'] },
        ),
        lines(
          'Jobs held back',
          'short',
          '1 while jobs wait for a dependency that is away for at least one worker.',
          quietQuery(`max by (queue, dependency) (queue_held{${OF}})`, '{{queue}} for {{dependency}}'),
        ),
        lines(
          'Dead letters recorded',
          'short',
          'In the last five minutes, by queue and reason.',
          quietQuery(
            `sum by (queue, reason) (increase(queue_dead_letters_total{${OF}}[5m]))`,
            '{{queue}} {{reason}}',
          ),
          { alerts: ['DeadLettersGrowing'] },
        ),
        lines(
          'Open dead letters, delivered anew by themselves',
          'short',
          'Those that wait for an operator, and those that were delivered anew without one in the last five minutes.',
          [
            quietQuery(`max by (queue, reason) (queue_dead_letters_open{${OF}})`, '{{queue}} {{reason}}'),
            quietQuery(
              `sum by (queue) (increase(queue_dead_letters_auto_redriven_total{${OF}}[5m]))`,
              '{{queue}} delivered anew',
            ),
          ],
          { alerts: ['DeadLettersGrowing'] },
        ),
      ],
    },
    {
      title: 'Outbox',
      panels: [
        lines(
          'Messages published',
          'reqps',
          'Messages that the queue has confirmed, a second.',
          query(`sum by (queue) (rate(outbox_published_total{${OF}}[$__rate_interval]))`, '{{queue}}'),
          { alerts: ['OutboxStuck'] },
        ),
        lines(
          'From due to published, p99',
          's',
          'From the moment a message was due until the queue had it.',
          query(
            `histogram_quantile(0.99, sum by (le, queue) (rate(outbox_publish_lag_seconds_bucket{${OF}}[$__rate_interval])))`,
            '{{queue}}',
          ),
        ),
        lines(
          'Messages not published yet',
          'short',
          'Those that are due later are in it.',
          quietQuery(`max by (queue) (outbox_pending{${OF}})`, '{{queue}}'),
          { alerts: ['OutboxStuck'] },
        ),
        lines(
          'The oldest message that is not published',
          's',
          'For how long the oldest message that was never published has been due.',
          quietQuery(`max by (queue) (outbox_oldest_pending_seconds{${OF}})`, '{{queue}}'),
          { limits: { warn: 10, bad: 60 }, alerts: ['OutboxStuck'] },
        ),
        lines(
          'The oldest message that is not done',
          's',
          'For how long the oldest message that is published and not done has been due.',
          quietQuery(`max by (queue) (outbox_oldest_undone_seconds{${OF}})`, '{{queue}}'),
          { limits: { warn: 300, bad: 1_800 }, alerts: ['OutboxNotDone'] },
        ),
        lines(
          'Batches that failed, rows deleted',
          'reqps',
          'Batches that could not be claimed, published or marked; and rows that were deleted because they were done and old.',
          [
            quietQuery(
              `sum by (queue) (rate(outbox_publish_errors_total{${OF}}[$__rate_interval]))`,
              '{{queue}} failed',
            ),
            quietQuery('sum by (table) (rate(db_cleaned_rows_total[$__rate_interval]))', '{{table}} deleted'),
          ],
          { alerts: ['OutboxStuck'] },
        ),
        lines(
          'Nudges of the relays',
          'reqps',
          'Messages that tell a relay to look at once, by whether Redis took them. Without them it looks at its own pace.',
          query('sum by (outcome) (rate(queue_nudges_total[$__rate_interval]))', '{{outcome}}'),
        ),
      ],
    },
  ],
};
