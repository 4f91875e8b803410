import { randomBytes } from 'node:crypto';
import { getQueueToken } from '@nestjs/bull';
import { HealthRegistry } from '@fourfold/observability/health-registry';
import { OutboxModule, type RelayedMessage } from '@fourfold/outbox';
import { Global, type INestApplicationContext, Logger, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Queue } from 'bull';
import { BullPublisher } from '../bull.publisher.js';
import { OperatingConnection } from '../operating/operating.connection.js';
import type { QueueDefinition } from '../queue-definition.js';
import { QueueModule } from '../queue.module.js';
import type { QueueModuleExtras, QueueModuleOptions } from '../queue.options.js';
import { letters, parcels } from './queues.js';

@Global()
@Module({ providers: [HealthRegistry], exports: [HealthRegistry] })
class HealthModule {}

export interface QueueAppOptions extends Partial<QueueModuleOptions>, Partial<QueueModuleExtras> {
  /** With a database there are an outbox and an inbox. */
  databaseUrl?: string;
}

/** An application on a queue Redis, under a prefix that no other test uses. */
export class QueueApp {
  private constructor(readonly app: INestApplicationContext) {}

  static async start(
    redisUrl: string,
    processors: readonly Type[] = [],
    { databaseUrl, ...options }: QueueAppOptions = {},
  ): Promise<QueueApp> {
    Logger.overrideLogger(false);
    @Module({
      imports: [
        HealthModule,
        QueueModule.forRoot({
          redis: redisUrl,
          prefix: `{test-${randomBytes(5).toString('hex')}}`,
          queues: [letters, parcels],
          sweepDeadLetters: false,
          ...options,
        }),
        ...(databaseUrl
          ? [
              TypeOrmModule.forRoot({ type: 'mysql', url: databaseUrl, retryAttempts: 0 }),
              OutboxModule.forRoot({}),
            ]
          : []),
      ],
      providers: [...processors],
    })
    class AppModule {}
    return new QueueApp(
      await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false }),
    );
  }

  queue({ name }: QueueDefinition<never> | QueueDefinition = letters): Queue {
    return this.app.get<Queue>(getQueueToken(name), { strict: false });
  }

  get operating(): OperatingConnection {
    return this.app.get(OperatingConnection);
  }

  /** Publishes as the relay does. @returns the confirmed outbox ids, in order */
  async publish(...messages: readonly RelayedMessage[]): Promise<string[]> {
    return [...(await this.app.get(BullPublisher).publish(messages))].sort();
  }

  close(): Promise<void> {
    return this.app.close();
  }
}

/** The message of outbox row `outboxId`. */
export function message(
  outboxId: number | string,
  queue: string = letters.name,
  payload: object = { to: 'you' },
): RelayedMessage {
  return { outboxId: String(outboxId), messageId: `m-${outboxId}`, queue, payload, republished: false };
}
