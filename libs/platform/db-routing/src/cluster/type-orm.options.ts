import type { TypeOrmModuleOptions } from '@nestjs/typeorm';
import * as mysql2 from 'mysql2';
import type { CompleteOptions, DbRoutingExtras } from '../db-routing.options.js';
import { parseNodeUrl } from '../node-url.js';
import type { RoutingPoolCluster } from './routing-pool.cluster.js';

/** What TypeORM asks of mysql2's `PoolCluster`. */
export type NodeSource = Pick<RoutingPoolCluster, 'add' | 'getConnection' | 'end'>;

/** Ours, whatever {@link DbRoutingExtras.typeOrm} says. Ids are 64-bit: they come back as strings. */
const FIXED = {
  // Not `mariadb`: TypeORM would then write with RETURNING, whose answer carries no GTID.
  type: 'mysql',
  synchronize: false,
  dropSchema: false,
  supportBigNumbers: true,
  bigNumberStrings: true,
  timezone: 'Z',
  multipleStatements: false,
  enableQueryTimeout: false,
  flags: undefined,
  extra: undefined,
  socketPath: undefined,
} as const;

/** TypeORM options that make `cluster` the only way to a connection. */
export function typeOrmOptions(
  { primaryUrl, replicas }: Pick<CompleteOptions, 'primaryUrl' | 'replicas'>,
  { entities, autoLoadEntities = false, name, typeOrm }: DbRoutingExtras,
  cluster: NodeSource,
): TypeOrmModuleOptions {
  return {
    charset: 'utf8mb4_bin',
    ...typeOrm,
    ...(FIXED as object),
    type: FIXED.type,
    driver: { ...mysql2, createPoolCluster: () => cluster },
    replication: {
      master: parseNodeUrl(primaryUrl),
      slaves: replicas.map(({ url }) => parseNodeUrl(url)),
    },
    entities: [...entities],
    autoLoadEntities,
    ...(name && { name }),
  };
}
