import { HealthRegistry } from '@fourfold/observability/health-registry';
import { BullPublisher, defineQueue, type JobProcessor, ProcessorFor, QueueModule } from '@fourfold/queue';
import { Global, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import Bull from 'bull';
import { z } from 'zod';

const CONCURRENCY = 8;
const definition = defineQueue({
  name: 'bench',
  payload: z.object({ orderId: z.string() }),
  concurrency: CONCURRENCY,
});

/** One way of working jobs off. */
export interface JobSide {
  readonly name: string;
  /** Puts so many jobs in line, works them all off, and says how long the second part took, in milliseconds. */
  drain(jobs: number): Promise<number>;
  close(): Promise<void>;
}

/** Counts down what its handler has seen to, and lets them begin together. */
class Countdown {
  private left = 0;
  private done = () => {};

  of(jobs: number): Promise<void> {
    this.left = jobs;
    return new Promise((resolve) => (this.done = resolve));
  }

  readonly one = (): void => {
    this.left -= 1;
    if (this.left === 0) this.done();
  };
}

/** Bull as its readme has it, with the same jobs, the same concurrency, and finished jobs removed. */
export async function bareBull(redisUrl: string): Promise<JobSide> {
  const queue = new Bull('bench', redisUrl, { prefix: '{bare}' });
  const countdown = new Countdown();
  await queue.pause(true);
  void queue.process(CONCURRENCY, async () => countdown.one());
  await queue.isReady();
  let nextId = 0;
  return {
    name: 'bare Bull',
    drain: async (jobs) => {
      const batch = Array.from({ length: jobs }, () => {
        const orderId = String((nextId += 1));
        const data = { messageId: `order-placed:${orderId}`, payload: { orderId } };
        return { data, opts: { jobId: `ob-${orderId}`, removeOnComplete: true } };
      });
      await queue.addBulk(batch);
      return timed(queue, countdown.of(jobs));
    },
    close: () => queue.close(),
  };
}

/** The whole way of a job in a worker, without a database: parse, slot, lock, limits, metrics. */
export async function ours(redisUrl: string): Promise<JobSide> {
  const countdown = new Countdown();

  @Injectable()
  @ProcessorFor(definition)
  class BenchProcessor implements JobProcessor<{ orderId: string }> {
    async handle(): Promise<void> {
      countdown.one();
    }
  }
  @Global()
  @Module({ providers: [HealthRegistry], exports: [HealthRegistry] })
  class Surroundings {}
  @Module({
    imports: [
      Surroundings,
      QueueModule.forRoot({
        redis: redisUrl,
        prefix: '{ours}',
        queues: [definition],
        sweepDeadLetters: false,
      }),
    ],
    providers: [BenchProcessor],
  })
  class BenchModule {}

  const app = await NestFactory.createApplicationContext(BenchModule, { logger: false, abortOnError: false });
  const queue = app.get<Bull.Queue>(`BullQueue_${definition.name}`, { strict: false });
  await queue.pause(true);
  let nextId = 0;
  return {
    name: 'fourfold',
    drain: async (jobs) => {
      const batch = Array.from({ length: jobs }, () => {
        const orderId = String((nextId += 1));
        const messageId = `order-placed:${orderId}`;
        return { outboxId: orderId, messageId, queue: 'bench', payload: { orderId }, republished: false };
      });
      const confirmed = await app.get(BullPublisher).publish(batch);
      if (confirmed.size !== jobs) throw new Error(`Only ${confirmed.size} of ${jobs} jobs were published`);
      return timed(queue, countdown.of(jobs));
    },
    close: () => app.close(),
  };
}

async function timed(queue: Bull.Queue, done: Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await queue.resume(true);
  await done;
  const tookMs = performance.now() - startedMs;
  await queue.pause(true);
  return tookMs;
}
