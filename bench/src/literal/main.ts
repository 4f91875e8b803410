// The six steps of an order as a careful team would write them in an afternoon, from the documentation of Nest, TypeORM,
// cache-manager and Bull: what Fourfold is measured beside.
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { createKeyv } from '@keyv/redis';
import { BullModule } from '@nestjs/bull';
import { CacheModule } from '@nestjs/cache-manager';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Logger, LoggerModule } from 'nestjs-pino';
import { mainEntities } from './entities.js';
import { OrdersService } from './orders.service.js';
import { settings } from './settings.js';
import { Shards } from './shards.js';
import { OrdersController, ProductsController, UsersController } from './shop.controllers.js';
import { TokenGuard } from './token.guard.js';

const { primaryUrl, replicaUrls, cacheUrl, queueUrl, port } = settings;

@Module({
  imports: [
    LoggerModule.forRoot({ pinoHttp: { genReqId: () => randomUUID() } }),
    TypeOrmModule.forRoot({
      type: 'mysql',
      replication: { master: { url: primaryUrl }, slaves: replicaUrls.map((url) => ({ url })) },
      entities: mainEntities,
      poolSize: 32,
      supportBigNumbers: true,
      bigNumberStrings: true,
    }),
    CacheModule.register({ stores: [createKeyv(cacheUrl, { namespace: 'literal' })] }),
    BullModule.forRoot({ url: queueUrl, prefix: 'literal' }),
    BullModule.registerQueue({ name: 'inventory' }, { name: 'recommendations' }, { name: 'analytics' }),
  ],
  controllers: [OrdersController, ProductsController, UsersController],
  providers: [OrdersService, Shards, TokenGuard],
})
class LiteralModule {}

const app = await NestFactory.create<NestFastifyApplication>(LiteralModule, new FastifyAdapter(), {
  bufferLogs: true,
});
app.useLogger(app.get(Logger));
app.enableShutdownHooks();
await app.listen(port, '127.0.0.1');
