import { HealthRegistry } from '@fourfold/observability/health-registry';
import { Global, type INestApplicationContext, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { OperatingConnection } from '../operating/operating.connection.js';
import { QueueOperations } from '../operating/queue.operations.js';
import { QueueViews } from '../operating/queue-views.js';
import { QueueModule } from '../queue.module.js';
import { RedisOutboxSignal } from '../redis-outbox.signal.js';
import { letters, parcels } from './queues.js';

@Global()
@Module({ providers: [HealthRegistry], exports: [HealthRegistry] })
class HealthModule {}

/** An application that only operates the queues of a `QueueApp` with the same prefix. */
export class ClientApp {
  private constructor(private readonly app: INestApplicationContext) {}

  static async start(redisUrl: string, prefix: string): Promise<ClientApp> {
    Logger.overrideLogger(false);
    @Module({
      imports: [
        HealthModule,
        QueueModule.forRoot({ role: 'client', redis: redisUrl, prefix, queues: [letters, parcels] }),
      ],
    })
    class AppModule {}
    return new ClientApp(
      await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false }),
    );
  }

  get operations(): QueueOperations {
    return this.app.get(QueueOperations);
  }

  get connection(): OperatingConnection {
    return this.app.get(OperatingConnection);
  }

  get views(): QueueViews {
    return this.app.get(QueueViews);
  }

  get signal(): RedisOutboxSignal {
    return this.app.get(RedisOutboxSignal);
  }

  get health(): HealthRegistry {
    return this.app.get(HealthRegistry);
  }

  close(): Promise<void> {
    return this.app.close();
  }
}
