import 'reflect-metadata';
import { databaseEnv, databaseOptionsOf, DbRoutingModule } from '@fourfold/db-routing';
import { ObjectStorageModule, objectStorageEnv, objectStorageOptionsOf } from '@fourfold/object-storage';
import { ShardingModule, shardUrlsSchema } from '@fourfold/sharding';
import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { warehouseEnv, WarehouseModule, warehouseOptionsOf } from '@shop/warehouse';
import { z } from 'zod';

/** What the command needs of the worker's environment. */
export const warehouseToolEnv = z.object({
  ...databaseEnv,
  ...objectStorageEnv,
  ...warehouseEnv,
  WAREHOUSE_DIR: warehouseEnv.WAREHOUSE_DIR.unwrap(),
  SHARD_URLS: shardUrlsSchema,
});
export type WarehouseConfig = z.output<typeof warehouseToolEnv>;

/** A lease, a batch and a question to the primary. */
const CONNECTIONS = 3;

/** The warehouse with the databases and files of a platform, without its queues and caches. It writes to no database. */
export function openWarehouse(config: WarehouseConfig): Promise<INestApplicationContext> {
  @Module({
    imports: [
      DbRoutingModule.forRoot({
        ...databaseOptionsOf(config),
        entities: [],
        primaryConnections: CONNECTIONS,
        replicaConnections: CONNECTIONS,
        readOnly: true,
      }),
      ShardingModule.forRoot({
        engine: config.DB_ENGINE,
        shards: config.SHARD_URLS,
        ids: false,
        poolSize: CONNECTIONS,
        rowsEveryMs: 0,
      }),
      ObjectStorageModule.forRoot(objectStorageOptionsOf(config)),
      WarehouseModule.forRoot(warehouseOptionsOf(config)!),
    ],
  })
  class WarehouseToolModule {}
  return NestFactory.createApplicationContext(WarehouseToolModule, {
    logger: ['error', 'warn'],
    abortOnError: false,
  });
}
