import { type TestDatabase, testEngine } from '@fourfold-tools/testing';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DbRoutingMetrics } from './routing/db-routing.metrics.js';
import { completeOptions } from './db-routing.options.js';
import { createCluster } from './cluster/create-cluster.js';
import { Note, routedDatabase } from './testing/routed-database.js';
import type { ConnectionCallback } from './pool/lease.js';
import type { RoutingPoolCluster } from './cluster/routing-pool.cluster.js';
import { typeOrmOptions } from './cluster/type-orm.options.js';

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
      // Asked by every promise that is given one.
      if (key === 'then') return undefined;
      const member = `${name}.${String(key)}`;
      touched.add(member);
      if (!allowed.includes(String(key)))
        throw new Error(`TypeORM touches ${member}: RoutingPoolCluster lacks it`);
      const value: unknown = Reflect.get(object, key, receiver);
      return typeof value === 'function' ? value.bind(object) : value;
    },
  });
}

/** `cluster`, whose connections are watched as well. */
function watching(cluster: RoutingPoolCluster, touched: Set<string>) {
  const members = ['promise', 'query', 'release', 'listeners'];
  return {
    add: cluster.add.bind(cluster),
    end: cluster.end.bind(cluster),
    getConnection: (pattern: string, callback: ConnectionCallback) =>
      cluster.getConnection(pattern, (error, connection) =>
        callback(error, connection && only(connection, 'connection', members, touched)),
      ),
  };
}

it('TypeORM touches what is listed here of the driver, the cluster and its connections, and nothing else', async () => {
  const touched = new Set<string>();
  const complete = completeOptions({
    engine: testEngine,
    primaryUrl: database.appUrl,
    replicas: database.readUrls,
  });
  const cluster = createCluster(complete, new DbRoutingMetrics());
  const options = typeOrmOptions(
    complete,
    { entities: [Note] },
    only(
      watching(cluster, touched),
      'cluster',
      ['add', 'getConnection', 'end'],
      touched,
    ) as RoutingPoolCluster,
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
    'connection.listeners',
    'connection.promise',
    'connection.query',
    'connection.release',
    'driver.createPoolCluster',
  ]);
});
