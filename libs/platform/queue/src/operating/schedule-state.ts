import { SCHEDULE_FIELDS } from '../bull/queue-scripts.js';

/** How the last run of a schedule went. */
export interface ScheduledRun {
  startedAt: Date;
  /** Null while it is under way, and when its worker was killed. */
  endedAt: Date | null;
  /** `interrupted`: its worker is gone; the job is delivered again. */
  outcome: 'running' | 'succeeded' | 'failed' | 'interrupted';
}

/** The schedule of a queue, as the workers have declared it in Redis. */
export interface ScheduleState {
  cron: string;
  timeZone: string;
  /** Of the next tick. In the past while no worker takes it; null until a worker has added it. */
  nextRunAt: Date | null;
  lastRun: ScheduledRun | null;
  /** When a run last succeeded; null when none has. */
  lastSuccessAt: Date | null;
  /** When it was first declared, or again after Redis was lost. */
  since: Date;
  /** The third tick after the last run that succeeded, or after the declaration. */
  overdueAfter: Date;
}

const dateOf = (text: string | null | undefined): Date | null => (text ? new Date(Number(text)) : null);

/** Of what `QUEUE_STATE` gives; null for a queue without a schedule. */
export function scheduleStateOf(
  tick: string | null,
  running: number,
  values: readonly (string | null)[] | null,
): ScheduleState | null {
  if (values === null) return null;
  const field = (name: (typeof SCHEDULE_FIELDS)[number]) => values[SCHEDULE_FIELDS.indexOf(name)];
  const { cron, timeZone } = JSON.parse(field('spec') ?? '{}') as { cron: string; timeZone: string };
  const startedAt = dateOf(field('startedAt'));
  const endedAt = dateOf(field('endedAt'));
  const isOver = startedAt !== null && endedAt !== null && endedAt >= startedAt;
  const ended = isOver ? (field('outcome') as 'succeeded' | 'failed') : 'interrupted';
  return {
    cron,
    timeZone,
    nextRunAt: dateOf(tick),
    lastRun: startedAt && {
      startedAt,
      endedAt: running === 1 || !isOver ? null : endedAt,
      outcome: running === 1 ? 'running' : ended,
    },
    lastSuccessAt: dateOf(field('succeededAt')),
    since: dateOf(field('since'))!,
    overdueAfter: dateOf(field('overdueAfter'))!,
  };
}
