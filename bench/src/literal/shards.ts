import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { shardEntities } from './entities.js';
import { settings } from './settings.js';

/** Four databases, and the remainder of the user's id says which. */
@Injectable()
export class Shards implements OnModuleInit, OnApplicationShutdown {
  private readonly sources = settings.shardUrls.map(
    (url) =>
      new DataSource({
        type: 'mysql',
        url,
        entities: shardEntities,
        poolSize: 10,
        supportBigNumbers: true,
        bigNumberStrings: true,
      }),
  );

  async onModuleInit(): Promise<void> {
    await Promise.all(this.sources.map((source) => source.initialize()));
  }

  of(userId: string): DataSource {
    return this.sources[Number(BigInt(userId) % BigInt(this.sources.length))]!;
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.sources.map((source) => source.destroy()));
  }
}
