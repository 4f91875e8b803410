import { createRoutedDataSource, type RoutedDataSource } from '@fourfold/db-routing';
import { ReplicatedServers, type TestDatabase, testEngine } from '@fourfold-tools/testing';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WarehousedShop } from './testing/warehoused.shop.js';

let servers: ReplicatedServers;
let database: TestDatabase;
let shop: WarehousedShop;
let beating: RoutedDataSource;

beforeAll(async () => {
  servers = await ReplicatedServers.start();
  database = await servers.createDatabase();
  shop = await WarehousedShop.start({ main: database, replicas: true });
  const { appUrl: primaryUrl, readUrls: replicas } = database;
  // A worker writes the heartbeat that replicas are judged by; the command only reads it.
  beating = createRoutedDataSource({ primaryUrl, replicas, engine: testEngine });
  await beating.start();
  await shop.replicasAreRead();
});
afterAll(async () => {
  await beating?.stop();
  await shop?.stop();
  await servers?.dispose();
});

describe('replicas that have stopped applying', () => {
  it('cost the warehouse nothing: what they lack is read from the primary', async () => {
    await shop.place(20);
    await shop.syncAll();
    await Promise.all([servers.stopApplying('replica-1'), servers.stopApplying('replica-2')]);
    const [order] = await shop.place(1);
    await shop.ordersAreReadable();

    // Naive: up to the same moment, from whatever replica there is. It would pass the order, and never come back to it.
    const replica = await new DataSource({ type: 'mysql', url: database.readUrls[0]! }).initialize();
    expect(await replica.query(`SELECT 1 FROM orders WHERE id = ${order}`)).toEqual([]);
    await replica.destroy();

    expect((await shop.sync()).rows.orders).toBe(1);
    const there = await shop.sourceTotals();
    expect(await shop.warehouseTotals()).toEqual(there);
    await Promise.all([servers.startApplying('replica-1'), servers.startApplying('replica-2')]);
  });
});
