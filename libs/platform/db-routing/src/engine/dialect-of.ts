import { mariadbDialect } from './mariadb.dialect.js';
import { mysqlDialect } from './mysql.dialect.js';
import type { Engine, ReplicationDialect } from './replication.dialect.js';

const dialects: Readonly<Record<Engine, ReplicationDialect>> = {
  mariadb: mariadbDialect,
  mysql: mysqlDialect,
};

export function dialectOf(engine: Engine): ReplicationDialect {
  return dialects[engine];
}
