import type { TypeOrmModuleOptions } from '@nestjs/typeorm';
import * as mysql2 from 'mysql2';
import type { CompleteOptions, DbRoutingExtras } from './db-routing.options.js';
import type { RoutingPoolCluster } from './routing/routing-pool.cluster.js';

/**
 * READ COMMITTED takes no gap locks, which a queue table and a hot stock row both suffer from; the short lock waits, for
 * rows and for whole tables, turn a jam into an error while the caller is still there. A change of the schema that waited
 * for its table would keep out all who come after it.
 */
export const SESSION_SETUP = [
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  "SET SESSION innodb_lock_wait_timeout = 5, lock_wait_timeout = 15, time_zone = '+00:00'",
] as const;

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
  { entities, autoLoadEntities = false, typeOrm }: DbRoutingExtras,
  cluster: RoutingPoolCluster,
): TypeOrmModuleOptions {
  return {
    charset: 'utf8mb4_bin',
    ...typeOrm,
    ...(FIXED as object),
    type: FIXED.type,
    driver: { ...mysql2, createPoolCluster: () => cluster },
    replication: {
      master: { url: primaryUrl },
      slaves: replicas.map(({ url }) => ({ url })),
    },
    entities: [...entities],
    autoLoadEntities,
  };
}
