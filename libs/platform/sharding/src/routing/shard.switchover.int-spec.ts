import type { RowDataPacket } from 'mysql2/promise';
import { eventually, FaultProxy, ReplicatedServers, testEngine } from '@fourfold-tools/testing';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SqlExecutor } from '../sql-executor.js';
import { CurrentTopology } from '../topology/current-topology.js';
import { TopologyStore } from '../topology/topology.store.js';
import { ShardRegistry } from './shard.registry.js';
import { ShardRouter } from '../access/shard.router.js';
import { evenTopology } from '../ring/topology.js';
import { fence } from '../testing/test-shards.js';

let servers: ReplicatedServers;
let address: FaultProxy;
let database: string;
beforeAll(async () => {
  servers = await ReplicatedServers.start();
  const made = await servers.createDatabase();
  database = made.name;
  address = await new FaultProxy(made.appUrl).open();
  const root = await new DataSource({ type: 'mysql', url: made.rootUrl }).initialize();
  await root.query('CREATE TABLE note (id INT PRIMARY KEY)');
  await fence(root, 'shard-0', evenTopology(['shard-0']));
  await root.destroy();
});
afterAll(async () => {
  await address.close();
  await servers.dispose();
});

const insert = (id: number) => `INSERT INTO note VALUES (${id})`;
const serverOf = 'SELECT @@server_id AS server';

it('a shard whose primary is demoted is written where its address leads, without a failed call', async () => {
  const registry = new ShardRegistry({ 'shard-0': address.url }, { engine: testEngine });
  const rows = [{ epoch: 1, document: evenTopology(['shard-0']) }];
  const topology = await CurrentTopology.load(new TopologyStore({ query: async () => rows } as SqlExecutor));
  registry.follow(topology);
  const router = new ShardRouter(topology, registry);
  const naive = await new DataSource({ type: 'mysql', url: address.url }).initialize();
  await naive.query(insert(1));
  const write = (id: number) => router.write('any', (manager) => manager.query(insert(id)));
  await Promise.all([2, 3, 4, 5].map(write));

  let promoted = '';
  let runs = 0;
  await router.write('any', async (manager) => {
    await manager.query(insert(6));
    if (++runs > 1) return;
    await servers.demote();
    promoted = await servers.promote('replica-1', database);
    address.moveTo(promoted);
  });
  expect(runs).toBe(2);
  await Promise.all([7, 8, 9, 10].map(write));
  const reads = [1, 2, 3, 4].map(() =>
    router.read('any', (manager) => manager.query<RowDataPacket[]>(serverOf)),
  );
  const [replica] = await servers.ask('replica-1', serverOf);
  for (const [row] of await Promise.all(reads)) expect(row?.['server']).toBe(String(replica?.['server']));
  const ids = await router.read('any', (manager) =>
    manager.query<{ id: number }[]>('SELECT id FROM note ORDER BY id'),
  );
  expect(ids.map(({ id }) => Number(id))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  await expect(naive.query(insert(11))).rejects.toThrow('--read-only');

  // Where the address leads to a read-only server still, the caller is told so at once, and may try again.
  await servers.ask('replica-1', 'SET GLOBAL read_only = 1');
  await expect(write(12)).rejects.toMatchObject({
    code: 'shard-unavailable',
    status: 503,
    retryAfterSeconds: 1,
  });
  await servers.ask('replica-1', 'SET GLOBAL read_only = 0');
  await eventually(() => write(13));
  await naive.destroy();
  await registry.onApplicationShutdown();
});
