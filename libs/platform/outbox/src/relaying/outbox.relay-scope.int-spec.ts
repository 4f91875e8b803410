import { consistencyState, DbRoutingModule, ReadYourWrites } from '@fourfold/db-routing';
import { HealthRegistry } from '@fourfold/observability/health-registry';
import { eventually, testEngine } from '@fourfold-tools/testing';
import { Global, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OutboxModule } from '../outbox.module.js';
import { OutboxRelay } from './outbox.relay.js';
import { Outbox } from '../outbox.js';
import { MemoryPublisher } from '../testing/memory.publisher.js';
import { OutboxDatabase } from '../testing/outbox-database.js';

let database: OutboxDatabase;

beforeAll(async () => {
  database = await OutboxDatabase.create();
});
afterAll(() => database.close());

/** Keeps what the relay's reads and writes are asked for while it publishes. */
@Injectable()
class WatchingPublisher extends MemoryPublisher {
  readonly states: object[] = [];

  constructor() {
    super((messages) => {
      this.states.push(consistencyState());
      return Promise.resolve(messages);
    });
  }
}

@Global()
@Module({ providers: [WatchingPublisher, HealthRegistry], exports: [WatchingPublisher, HealthRegistry] })
class SurroundingsModule {}

it('relays in no consistency scope, and a job that nudges it is not given its writes', async () => {
  @Module({
    imports: [
      SurroundingsModule,
      DbRoutingModule.forRoot({ engine: testEngine, primaryUrl: database.url, replicas: [], entities: [] }),
      OutboxModule.forRoot({ publisher: WatchingPublisher }),
    ],
  })
  class RelayModule {}
  await database.empty();
  const app = await NestFactory.createApplicationContext(RelayModule, { logger: false });
  const [publisher, dataSource] = [app.get(WatchingPublisher), app.get(DataSource)];
  await app.get(ReadYourWrites).isolate(async () => {
    const { scope } = consistencyState();
    await dataSource.transaction((manager) =>
      app.get(Outbox).add(manager, { messageId: 'm', queue: 'letters', payload: {} }),
    );
    const { position } = scope!.freshness;
    expect(position).toMatch(/\d+[-:]\d+$/);
    app.get(OutboxRelay).nudge();
    await eventually(async () => expect(await database.states()).toEqual({ m: 'published' }));
    expect(scope).toMatchObject({ transactions: 0, freshness: { position } });
  });
  expect(publisher.states).toEqual([{}]);
  await app.close();
});
