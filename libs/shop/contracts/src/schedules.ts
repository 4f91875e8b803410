import { cronSchema, type QueueDefinition, type QueueSchedule, timeZoneSchema } from '@fourfold/queue';
import { z } from 'zod';
import { warehouseSyncQueue } from './queues.js';

interface ShopSchedule {
  readonly queue: QueueDefinition;
  /** Unless the environment has another. */
  readonly cron: string;
}

/**
 * Everything that runs by the clock, under the environment variable that has its cron expression: one job at each tick,
 * whatever the number of workers. What each process does for itself from time to time is a `PeriodicTask` and not here.
 */
export const shopSchedules = {
  WAREHOUSE_CRON: { queue: warehouseSyncQueue, cron: '*/15 * * * *' },
} as const satisfies Readonly<Record<`${string}_CRON`, ShopSchedule>>;

type CronOption = keyof typeof shopSchedules;

/** Of a platform that has no use for it: the same in all workers. */
const OFF = 'off';

const cronOrOff = z.string().superRefine((cron, context) => {
  const { error } = cron === OFF ? {} : cronSchema.safeParse(cron);
  for (const { message } of error?.issues ?? []) context.addIssue({ code: 'custom', message });
});

const cronEnv = Object.fromEntries(
  Object.entries<ShopSchedule>(shopSchedules).map(([option, { cron }]) => [option, cronOrOff.default(cron)]),
) as Record<CronOption, z.ZodDefault<typeof cronOrOff>>;

/** What the worker reads from its environment for its schedules. */
export const scheduleEnv = {
  ...cronEnv,
  /** In which all of their expressions are read. */
  SCHEDULE_TIME_ZONE: timeZoneSchema.default('UTC'),
};

/** The schedules of the shop, for `QueueModule`. */
export function schedulesOf(
  env: Readonly<Record<CronOption, string>> & { readonly SCHEDULE_TIME_ZONE: string },
): Pick<QueueSchedule, 'queue' | 'cron' | 'timeZone'>[] {
  const crons: Readonly<Record<string, unknown>> = env;
  return Object.entries<ShopSchedule>(shopSchedules)
    .filter(([option]) => crons[option] !== OFF)
    .map(([option, { queue }]) => ({
      queue: queue.name,
      cron: String(crons[option]),
      timeZone: env.SCHEDULE_TIME_ZONE,
    }));
}
