import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CacheModule } from '@fourfold/cache';
import { DbRoutingModule } from '@fourfold/db-routing';
import { ObservabilityModule } from '@fourfold/observability';
import { OutboxModule } from '@fourfold/outbox';
import { BullPublisher, QueueModule, RedisOutboxSignal } from '@fourfold/queue';
import { ShardingModule } from '@fourfold/sharding';
import { Note, Visitor } from './entities.js';
import { GreetingProcessor, greetings } from './greetings.js';
import { Notes } from './notes.js';
import { servers } from './servers.js';

@Module({
  imports: [
    ObservabilityModule.forRoot({ service: 'blank-app', logLevel: 'warn' }),
    DbRoutingModule.forRoot({
      primaryUrl: servers.primaryUrl,
      replicas: servers.replicaUrls,
      entities: [Note],
    }),
    TypeOrmModule.forFeature([Note]),
    CacheModule.forRoot({
      redis: servers.cacheRedisUrl,
      prefix: 'blank',
      namespaces: { note: { ttlMs: 60_000 } },
    }),
    ShardingModule.forRoot({ shards: servers.shardUrls, entities: [Visitor] }),
    QueueModule.forRoot({ redis: servers.queueRedisUrl, prefix: '{blank}', queues: [greetings] }),
    OutboxModule.forRoot({ publisher: BullPublisher, signal: RedisOutboxSignal }),
  ],
  providers: [Notes, GreetingProcessor],
})
export class AppModule {}
