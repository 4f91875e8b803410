import { expect, it } from 'vitest';
import type { RoutingPoolCluster } from './routing-pool.cluster.js';
import { typeOrmOptions } from './type-orm.options.js';

const nodes = {
  primaryUrl: 'mysql://app:secret@db-0:3306/shop',
  replicas: [{ url: 'mysql://reader:secret@db-1:3306/shop', weight: 1 }],
};
const cluster = {} as RoutingPoolCluster;

it('hands on whatever else TypeORM is told', () => {
  const typeOrm = { entityPrefix: 'shop_', maxQueryExecutionTime: 100, charset: 'utf8mb4_uca1400_ai_ci' };
  expect(typeOrmOptions(nodes, { entities: [], typeOrm }, cluster)).toMatchObject(typeOrm);
});

it('has the last word where routing, big numbers or the schema depend on it', () => {
  const typeOrm = {
    type: 'mariadb',
    driver: {},
    replication: { master: {}, slaves: [] },
    bigNumberStrings: false,
    timezone: 'local',
    multipleStatements: true,
    synchronize: true,
    extra: { multipleStatements: true },
  };
  const ours = typeOrmOptions(nodes, { entities: [] }, cluster);
  const told = typeOrmOptions(nodes, { entities: [], typeOrm: typeOrm as object }, cluster);
  expect({ ...told, driver: undefined }).toEqual({ ...ours, driver: undefined });
  const { driver } = told as unknown as { driver: { createPoolCluster: () => unknown } };
  expect(driver.createPoolCluster()).toBe(cluster);
});
