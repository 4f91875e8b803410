import { DbRoutingModule } from '@fourfold/db-routing';
import { HealthRegistry } from '@fourfold/observability/health-registry';
import { Outbox, OutboxModule, OutboxPublisher, type RelayedMessage } from '@fourfold/outbox';
import { BullPublisher, defineQueue, QueueModule, RedisOutboxSignal } from '@fourfold/queue';
import { eventually, OpenLoop, percentile } from '@fourfold-tools/testing';
import { Global, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { z } from 'zod';

/** As an order does: one message to each of two queues. */
const queues = ['inventory', 'order-index'].map((name) =>
  defineQueue({ name, payload: z.object({ orderId: z.string() }) }),
);

export interface RelayLag {
  readonly messages: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly worstMs: number;
}

/** By message id, when its job was visible in Bull. By `performance.now()`. */
const visibleMs = new Map<string, number>();

/** Notes when Bull has confirmed what the real publisher gave it. */
@Injectable()
class NotingPublisher extends OutboxPublisher {
  constructor(private readonly bull: BullPublisher) {
    super();
  }

  async publish(messages: readonly RelayedMessage[]): Promise<ReadonlySet<string>> {
    const confirmed = await this.bull.publish(messages);
    const nowMs = performance.now();
    for (const { outboxId, messageId } of messages)
      if (confirmed.has(outboxId)) visibleMs.set(messageId, nowMs);
    return confirmed;
  }

  override foundEmpty(): Promise<boolean> {
    return this.bull.foundEmpty();
  }
}

/**
 * From the commit of a transaction to the moment at which its jobs are in Bull, with so many transactions a second that
 * come at their own pace. The nudge goes through Redis, as from another process.
 */
export async function measureRelayLag(
  databaseUrl: string,
  redisUrl: string,
  pace: { perSecond: number; forMs: number },
): Promise<RelayLag> {
  visibleMs.clear();
  @Global()
  @Module({ providers: [HealthRegistry, NotingPublisher], exports: [HealthRegistry, NotingPublisher] })
  class Surroundings {}
  @Module({
    imports: [
      Surroundings,
      DbRoutingModule.forRoot({ primaryUrl: databaseUrl, replicas: [], entities: [] }),
      QueueModule.forRoot({ redis: redisUrl, prefix: '{lag}', queues, sweepDeadLetters: false }),
      OutboxModule.forRoot({ publisher: NotingPublisher, signal: RedisOutboxSignal, queues }),
    ],
  })
  class LagModule {}
  const app = await NestFactory.createApplicationContext(LagModule, { logger: false, abortOnError: false });
  const [dataSource, outbox] = [app.get(DataSource), app.get(Outbox)];
  const committedMs = new Map<string, number>();
  let nextId = 0;
  const order = async () => {
    const orderId = String((nextId += 1));
    const ids = queues.map(({ name }) => `${name}:${orderId}`);
    await dataSource.transaction((manager) =>
      outbox.add(
        manager,
        ...queues.map(({ name }, index) => ({ messageId: ids[index]!, queue: name, payload: { orderId } })),
      ),
    );
    for (const id of ids) committedMs.set(id, performance.now());
  };
  const everyMs = 10;
  const loop = new OpenLoop(order, { each: (pace.perSecond * everyMs) / 1_000, everyMs }).start();
  await loop.run(pace.forMs);
  await loop.stop();
  if (loop.failed.length > 0)
    throw new Error(`${loop.failed.length} transactions failed`, { cause: loop.failed[0] });
  await eventually(() => [...committedMs.keys()].every((id) => visibleMs.has(id)), { deadlineMs: 30_000 });
  await app.close();
  // A job may be there before its writer hears of its commit.
  const lags = [...committedMs].map(([id, startedMs]) => ({
    startedMs,
    tookMs: Math.max(0, visibleMs.get(id)! - startedMs),
  }));
  return {
    messages: lags.length,
    p50Ms: percentile(lags, 0.5),
    p99Ms: percentile(lags, 0.99),
    worstMs: percentile(lags, 1),
  };
}
