import { eventually } from '@fourfold-tools/testing';
import { Global, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Inbox } from './inbox.js';
import { OutboxModule } from './outbox.module.js';
import { MemoryPublisher } from './testing/memory.publisher.js';
import { OutboxDatabase } from './testing/outbox-database.js';

let database: OutboxDatabase;

beforeAll(async () => {
  database = await OutboxDatabase.create();
});
afterAll(() => database.close());

/** Confirms late: the application is told to stop while it does. */
@Injectable()
class LatePublisher extends MemoryPublisher {
  readonly confirming = Promise.withResolvers<void>();

  constructor() {
    super(async (messages) => {
      await this.confirming.promise;
      return messages;
    });
  }
}

@Global()
@Module({ providers: [LatePublisher], exports: [LatePublisher] })
class PublisherModule {}

it('relays while the application runs, and marks the round in hand before the database is closed', async () => {
  @Module({
    imports: [
      TypeOrmModule.forRoot({ type: 'mysql', url: database.url, retryAttempts: 0 }),
      PublisherModule,
      OutboxModule.forRoot({ publisher: LatePublisher }),
    ],
  })
  class RelayModule {}
  await database.empty();
  await database.add(['m']);
  const app = await NestFactory.createApplicationContext(RelayModule, { logger: false });
  const publisher = app.get(LatePublisher);
  await eventually(() => publisher.messageIds.includes('m'));
  const closed = app.close();
  publisher.confirming.resolve();
  await closed;
  expect(await database.states()).toEqual({ m: 'published' });
});

it('gives a process that only consumes its inbox, and no relay', async () => {
  @Module({
    imports: [
      TypeOrmModule.forRoot({ type: 'mysql', url: database.url, retryAttempts: 0 }),
      OutboxModule.forRoot({}),
    ],
  })
  class ConsumerModule {}
  await database.empty();
  const app = await NestFactory.createApplicationContext(ConsumerModule, { logger: false });
  expect(await app.get(Inbox).once('stock', 'm', () => Promise.resolve('effect'))).toBe('effect');
  await app.close();
});
