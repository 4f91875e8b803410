import type { DatabasePlace, DatabaseRole } from './database-engine.js';
import type { MysqlFiles } from './mysql-files.js';

/** The same server as `mariadbConfig` describes, in MySQL's words. */
export function mysqlConfig(role: DatabaseRole, place: DatabasePlace, { base }: MysqlFiles): string {
  const writer = role.kind !== 'replica';
  return [
    '[mysqld]',
    `basedir=${base}`,
    `datadir=${place.dataDir}`,
    `socket=${place.socket}`,
    `pid_file=${place.dataDir}/mysqld.pid`,
    `port=${place.port}`,
    'bind_address=127.0.0.1',
    'skip_name_resolve',
    // It would listen on a port of its own.
    'mysqlx=OFF',
    'secure_file_priv=NULL',
    ...(place.runsAsRoot ? ['user=root'] : []),
    '',
    'character_set_server=utf8mb4',
    'collation_server=utf8mb4_bin',
    'max_connections=400',
    'innodb_buffer_pool_size=64M',
    'innodb_redo_log_capacity=64M',
    'performance_schema=OFF',
    'event_scheduler=OFF',
    // As MariaDB shows a plan: those who compare plans read both alike.
    'explain_format=TRADITIONAL',
    `innodb_flush_log_at_trx_commit=${writer ? 1 : 2}`,
    `sync_binlog=${writer ? 1 : 0}`,
    '',
    `server_id=${role.serverId}`,
    'gtid_mode=ON',
    'enforce_gtid_consistency=ON',
    'log_bin=binlog',
    // The migrations' account makes a trigger on each sharded table; see `slotColumn` of sharding.
    'log_bin_trust_function_creators=ON',
    ...(writer ? [] : replicaSettings),
    '',
  ].join('\n');
}

const replicaSettings = [
  'read_only=ON',
  'relay_log=relay',
  'relay_log_recovery=ON',
  'replica_net_timeout=10',
  'skip_replica_start=ON',
];
