import type { TestDatabase } from '@fourfold-tools/testing';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DbRoutingMetrics } from './db-routing.metrics.js';
import { RoutingPoolCluster } from './routing-pool.cluster.js';
import { Note, routedDatabase } from './testing/routed-database.js';
import { SESSION_SETUP, typeOrmOptions } from './type-orm.options.js';

let database: TestDatabase;

beforeAll(async () => {
  database = await routedDatabase();
});
afterAll(() => database.drop());

/** `target`, with every member that is touched noted, and an error for one that is not `allowed`. */
function only<T extends object>(
  target: T,
  name: string,
  allowed: readonly string[],
  touched: Set<string>,
): T {
  return new Proxy(target, {
    get(object, key, receiver) {
      const member = `${name}.${String(key)}`;
      touched.add(member);
      if (!allowed.includes(String(key)))
        throw new Error(`TypeORM touches ${member}: RoutingPoolCluster lacks it`);
      const value: unknown = Reflect.get(object, key, receiver);
      return typeof value === 'function' ? value.bind(object) : value;
    },
  });
}

it('TypeORM touches createPoolCluster of the driver, and add, getConnection and end of the cluster: nothing else', async () => {
  const touched = new Set<string>();
  const node = {
    connections: 2,
    acquireDeadlineMs: 2_000,
    connectTimeoutMs: 1_000,
    sessionSetup: SESSION_SETUP,
  };
  const cluster = new RoutingPoolCluster({ primary: node, replica: node }, new DbRoutingMetrics());
  const options = typeOrmOptions(
    { primaryUrl: database.appUrl, replicaUrls: database.readUrls },
    [Note],
    only(cluster, 'cluster', ['add', 'getConnection', 'end'], touched),
  ) as DataSourceOptions & { driver: object };
  const driver = only(options.driver, 'driver', ['createPoolCluster'], touched);
  const dataSource = new DataSource({ ...options, driver });
  await dataSource.initialize();
  const notes = dataSource.getRepository(Note);

  await notes.save({ text: 'saved' });
  await notes.find();
  await notes.createQueryBuilder('note').where('note.text = :text', { text: 'saved' }).getManyAndCount();
  await dataSource.transaction((manager) => manager.update(Note, { text: 'saved' }, { text: 'changed' }));
  await expect(dataSource.transaction((manager) => manager.query('SELECT nonsense'))).rejects.toThrow();
  const rows = await notes.createQueryBuilder('note').stream();
  for await (const _row of rows);
  await dataSource.query('SELECT 1');
  await dataSource.destroy();

  expect([...touched].sort()).toEqual([
    'cluster.add',
    'cluster.end',
    'cluster.getConnection',
    'driver.createPoolCluster',
  ]);
});
