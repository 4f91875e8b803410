import { eventually } from '@fourfold-tools/testing';
import { HealthRegistry } from '@fourfold/observability/health-registry';
import { OutboxModule } from '@fourfold/outbox';
import { Global, type INestApplicationContext, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { BullPublisher } from '../bull.publisher.js';
import { QueueModule } from '../queue.module.js';
import type { DeadLetterDesk } from './dead-letter-desk.js';
import { isolated, letters, parcels } from './queues.js';

@Global()
@Module({ providers: [HealthRegistry], exports: [HealthRegistry] })
class HealthModule {}

/** A worker as an application puts it together: relay, processors, and the sweeping of dead letters. */
export async function startUpkeepApp(
  { databaseUrl, redisUrl, prefix }: Pick<DeadLetterDesk, 'databaseUrl' | 'redisUrl' | 'prefix'>,
  processors: readonly Type[] = [],
): Promise<INestApplicationContext> {
  @Module({
    imports: [
      HealthModule,
      TypeOrmModule.forRoot({
        type: 'mysql',
        url: databaseUrl,
        isolationLevel: 'READ COMMITTED',
        timezone: 'Z',
        retryAttempts: 0,
      }),
      QueueModule.forRoot({
        redis: redisUrl,
        prefix,
        queues: [letters, parcels, isolated],
        drainMs: 500,
        child: { entry: new URL('child.runner.mjs', import.meta.url), execArgv: [] },
      }),
      OutboxModule.forRoot({ publisher: BullPublisher }),
    ],
    providers: [...processors],
  })
  class AppModule {}
  return NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
}

/** Waits until the letters are as many. */
export const letterCount = (desk: DeadLetterDesk, count: number, deadlineMs = 20_000): Promise<true> =>
  eventually(async () => (await desk.letters()).length === count, { deadlineMs });
