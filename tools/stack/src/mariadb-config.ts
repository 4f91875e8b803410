import type { DatabasePlace, DatabaseRole } from './database-engine.js';

/**
 * The server's whole configuration; no other file is read. Sizes fit seven servers on a laptop.
 *
 * Commits on the primary and the shards are durable (redo log and binary log are synced): what a client was told is
 * committed survives a crash. A replica may lose its last second, because it fetches that again by GTID.
 */
export function mariadbConfig(role: DatabaseRole, place: DatabasePlace): string {
  const writer = role.kind !== 'replica';
  return [
    '[mariadbd]',
    `datadir=${place.dataDir}`,
    `socket=${place.socket}`,
    `pid_file=${place.dataDir}/mariadbd.pid`,
    `port=${place.port}`,
    'bind_address=127.0.0.1',
    'skip_name_resolve',
    ...(place.runsAsRoot ? ['user=root'] : []),
    '',
    'character_set_server=utf8mb4',
    'collation_server=utf8mb4_bin',
    'max_connections=400',
    'innodb_buffer_pool_size=64M',
    'innodb_log_file_size=64M',
    'performance_schema=off',
    'slow_query_log=off',
    `innodb_flush_log_at_trx_commit=${writer ? 1 : 2}`,
    `sync_binlog=${writer ? 1 : 0}`,
    '',
    `server_id=${role.serverId}`,
    `gtid_domain_id=${role.gtidDomainId}`,
    'gtid_strict_mode=1',
    'log_bin=binlog',
    'binlog_format=ROW',
    'log_slave_updates=1',
    // The account of migrations may make triggers without being the server's administrator.
    'log_bin_trust_function_creators=1',
    // The GTID of a commit comes back in its OK packet: read-your-writes is built on it.
    'session_track_system_variables=autocommit,character_set_client,character_set_connection,' +
      'character_set_results,time_zone,last_gtid',
    ...(writer ? [] : replicaSettings),
    '',
  ].join('\n');
}

const replicaSettings = [
  'read_only=1',
  'relay_log=relay',
  'relay_log_recovery=1',
  // A cut connection that neither side closed is noticed after 10 s, not after a minute.
  'slave_net_timeout=10',
  // Replication is started by us once the primary answers, not at boot against one that is still starting.
  'skip_slave_start=1',
];
