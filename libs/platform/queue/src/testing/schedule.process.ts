import 'reflect-metadata';
import { Redis } from 'ioredis';
import { handles } from './handles.js';
import { QueueApp } from './queue-app.js';
import { letters } from './queues.js';

export interface ScheduleProcessOptions {
  readonly redisUrl: string;
  readonly prefix: string;
  readonly behaviour: ScheduleBehaviour;
}

export type ScheduleBehaviour =
  /** Its schedule ticks every second. */
  | 'ticks'
  /** Naive: a timer in each process, and no schedule. */
  | 'timer'
  /** Does not end its run: told when it has begun. */
  | 'never-ends';

/** Short where a killed worker’s job is waited for. */
const LOCK_MS = 1_000;

/** A list, with an entry for each run: the second that it is of. */
export const runsKey = (prefix: string): string => `${prefix}:runs`;

export async function run(text: string): Promise<void> {
  const { redisUrl, prefix, behaviour } = JSON.parse(text) as ScheduleProcessOptions;
  const redis = new Redis(redisUrl);
  if (behaviour === 'timer') {
    let last = 0;
    setInterval(() => {
      const second = Math.floor(Date.now() / 1_000);
      if (second > last) void redis.rpush(runsKey(prefix), (last = second));
    }, 50);
  } else
    await startTicking(redis, redisUrl, prefix, async (messageId) => {
      if (behaviour !== 'never-ends') return;
      process.send!({ told: 'begun', messageId });
      await new Promise(() => {});
    });
  process.send!({ told: 'ready' });
}

/** A worker whose schedule ticks every second. Each run is noted, and goes on with `then`. */
export function startTicking(
  redis: Redis,
  redisUrl: string,
  prefix: string,
  then: (messageId: string) => Promise<void> = () => Promise.resolve(),
): Promise<QueueApp> {
  const processor = handles(letters, async (_payload, { messageId }) => {
    await redis.rpush(runsKey(prefix), Number(messageId.split(':')[2]) / 1_000);
    await then(messageId);
  });
  const schedules = [{ queue: letters.name, cron: '* * * * * *', payload: { to: 'us' } }];
  return QueueApp.start(redisUrl, [processor], { prefix, lockMs: LOCK_MS, schedules });
}
