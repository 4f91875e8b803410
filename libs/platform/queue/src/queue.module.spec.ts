import { Global, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HealthRegistry } from '@fourfold/observability/health-registry';
import { KNOWN_QUEUES } from '@fourfold/outbox';
import { describe, expect, it } from 'vitest';
import { ChildPool } from './children/child.pool.js';
import { QueueOperations } from './operating/queue.operations.js';
import { JobRunner } from './processing/job.runner.js';
import { QueueModule } from './queue.module.js';
import type { QueueSettings } from './queue.options.js';
import { QUEUE_SETTINGS } from './queue.tokens.js';
import { letters } from './testing/queues.js';

@Global()
@Module({ providers: [HealthRegistry], exports: [HealthRegistry] })
class HealthModule {}

const start = (module: ReturnType<typeof QueueModule.forRoot>) =>
  NestFactory.createApplicationContext(
    { module: class AppModule {}, imports: [HealthModule, module] },
    { logger: false, abortOnError: false },
  );

/** Where no server is: a client starts without one. */
const client = {
  redis: 'redis://127.0.0.1:1',
  prefix: '{test}',
  queues: [letters],
  role: 'client',
} as const;
const { queues, role, ...later } = client;

describe('QueueModule', () => {
  it('takes its options at once or later, and its queues are known to the whole application', async () => {
    for (const module of [
      QueueModule.forRoot(client),
      QueueModule.forRootAsync({ queues, role, useFactory: () => Promise.resolve(later) }),
    ]) {
      const app = await start(module);
      expect(app.get(QueueOperations)).toBeInstanceOf(QueueOperations);
      expect(app.get(KNOWN_QUEUES)).toEqual([letters]);
      expect(app.get<QueueSettings>(QUEUE_SETTINGS)).toMatchObject({
        ...later,
        lockMs: 10_000,
        drainMs: 15_000,
      });
      for (const worker of [JobRunner, ChildPool]) expect(() => app.get(worker)).toThrow();
      await app.close();
    }
  });

  it.each([
    [
      'an unknown option',
      { lockms: 5 },
      /lockms: there is no such option; there are redis, .*sweepDeadLetters/,
    ],
    [
      'an unknown option of children',
      { child: { entry: new URL(import.meta.url), maxjobs: 5 } },
      /child\.maxjobs: there is no such option; there are entry, execArgv, maxJobs, maxRssBytes, startMs/,
    ],
    ['a child that is no URL', { child: { entry: './child.js' } }, /child\.entry: must be a URL/],
    [
      'a URL of something else',
      { redis: 'mysql://db' },
      /redis: must be a URL like .*the scheme "mysql:\/\/" is unknown/,
    ],
    ['a lock of no time', { lockMs: 0 }, /lockMs: Too small: expected number to be >0/],
    ['a deadline that no timer can wait for', { publishDeadlineMs: 2 ** 31 }, /publishDeadlineMs: Too big/],
    ['no prefix', { prefix: undefined }, /prefix: Invalid input: expected string/],
    [
      'a schedule that never fires',
      { schedules: [{ queue: 'letters', cron: '0 0 31 2 *', payload: { to: 'us' } }] },
      /schedules\.0\.cron: never fires/,
    ],
    [
      'a schedule of a queue that is not declared',
      { schedules: [{ queue: 'nowhere', cron: '0 0 1 1 *' }] },
      /schedules\.0\.queue: no queue named "nowhere" is declared/,
    ],
    [
      'a schedule whose payload its queue does not take',
      { schedules: [{ queue: 'letters', cron: '0 0 1 1 *' }] },
      /schedules\.0\.payload: does not fit queue letters/,
    ],
    [
      'two schedules of one queue',
      {
        schedules: ['0 0 1 1 *', '0 0 1 2 *'].map((cron) => ({
          queue: 'letters',
          cron,
          payload: { to: 'us' },
        })),
      },
      /schedules: each queue may have one schedule/,
    ],
    ['what is no function', { onStuck: 'exit' }, /onStuck: must be a function/],
  ])('does not start with %s', async (_title, options, problem) => {
    await expect(start(QueueModule.forRoot({ ...client, ...options } as never))).rejects.toThrow(problem);
  });

  it.each([
    ['a queue that is none', { queues: ['letters'] }, /queues\.0: must be what defineQueue gives/],
    ['two queues of one name', { queues: [letters, { ...letters }] }, /queues: each name may be there once/],
    ['another role', { role: 'producer' }, /role: Invalid option: expected one of "worker"\|"client"/],
    ['what is no class', { aroundJob: 'around' }, /aroundJob: must be a class/],
  ])('can’t be put together of %s', (_title, extras, problem) => {
    expect(() => QueueModule.forRoot({ ...client, ...extras } as never)).toThrow(problem);
  });
});
