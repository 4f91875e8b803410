import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts, stateLayout } from '@fourfold-tools/stack';
import { createDatabase, withDatabase } from '@fourfold-tools/testing';
import { DataSource } from 'typeorm';
import { AppProcess } from '../http/app.process.js';
import type { Deployment } from '../http/deployment.js';
import type { Shop } from '../http/shop.js';
import { mainEntities, Order, Product, shardEntities, User, UserOrder } from './entities.js';
import type { LiteralSettings } from './settings.js';

/** The accounts of the platform may touch what begins with `fourfold`. */
const database = 'fourfold_literal';
const main = fileURLToPath(new URL('./main.js', import.meta.url));

/** The literal flow on the servers of a deployment, in databases of its own, with the same users and products. */
export async function startLiteral(
  deployment: Deployment,
  shop: Shop,
): Promise<{ app: AppProcess; shop: Shop }> {
  const { servers, options } = deployment;
  const names = ['primary', ...servers.shards.map(({ name }) => name)] as ('primary' | `shard-${number}`)[];
  const made = await Promise.all(names.map((node) => createDatabase(servers, { node, name: database })));
  const [primary, ...shards] = made;
  const customers = await fill(
    primary!.migrateUrl,
    shards.map(({ migrateUrl }) => migrateUrl),
    shop,
  );
  const [port] = (await freePorts(1)) as [number];
  const settings: LiteralSettings = {
    port,
    primaryUrl: primary!.appUrl,
    replicaUrls: servers.replicas.map(({ readUrl }) => withDatabase(readUrl, database)),
    shardUrls: shards.map(({ appUrl }) => appUrl),
    cacheUrl: servers.redisCache.url,
    queueUrl: servers.redisQueue.url,
    jwksFile: join(stateLayout(options).jwt, 'jwks.json'),
  };
  const app = await AppProcess.start(
    'literal',
    main,
    port,
    { LITERAL: JSON.stringify(settings) },
    options.stateDir,
  );
  return { app, shop: { ...shop, customers } };
}

/** @returns the customers with orders of their own here */
async function fill(
  primaryUrl: string,
  shardUrls: readonly string[],
  shop: Shop,
): Promise<Shop['customers']> {
  const common = {
    type: 'mysql',
    synchronize: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
  } as const;
  const primary = await new DataSource({ ...common, url: primaryUrl, entities: mainEntities }).initialize();
  const shards = await Promise.all(
    shardUrls.map((url) => new DataSource({ ...common, url, entities: shardEntities }).initialize()),
  );
  const products = shop.productIds.map((id) => ({
    id,
    sku: id,
    name: `Product ${id}`,
    price: 450,
    stock: 100_000_000,
  }));
  await primary.getRepository(Product).insert(products);
  const customers: Shop['customers'] = [];
  for (const { userId, token, orderIds } of shop.customers) {
    const shard = shards[Number(BigInt(userId) % BigInt(shards.length))]!;
    await shard
      .getRepository(User)
      .insert({ id: userId, name: `Customer ${userId}`, email: `${userId}@example.com` });
    const items = shop.productIds
      .slice(0, 2)
      .map((productId) => ({ productId, quantity: 1, unitPrice: 450 }));
    const orders = await primary.getRepository(Order).save(
      orderIds.map(() => ({
        userId,
        status: 'confirmed',
        total: 900,
        shippingAddress: '12 St James’s Square, London',
        items: items.map((item) => ({ ...item })),
      })),
    );
    await shard.getRepository(UserOrder).insert(orders.map(({ id }) => ({ userId, orderId: id })));
    customers.push({ userId, token, orderIds: orders.map(({ id }) => id) });
  }
  await Promise.all([primary, ...shards].map((source) => source.destroy()));
  return customers;
}
