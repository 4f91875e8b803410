import { boundedSet, canonicalSet, includesSet, uniteSets } from './mysql-gtid.set.js';
import type { ReplicationDialect } from './replication.dialect.js';
import { readReplicationStatus, type StatusColumns } from './status.reader.js';

const STATUS_COLUMNS: StatusColumns = {
  connection: 'Channel_Name',
  receiver: 'Replica_IO_Running',
  applier: 'Replica_SQL_Running',
  lagSeconds: 'Seconds_Behind_Source',
  receiverError: 'Last_IO_Error',
  applierError: 'Last_SQL_Error',
};

/** A position is a set of GTIDs, `uuid:1-5:7,uuid:tag:1-3`. The servers run with `gtid_mode = ON`. */
export const mysqlDialect: ReplicationDialect = {
  engine: 'mysql',
  sessionSetup: ['SET SESSION session_track_gtids = OWN_GTID'],
  gtidOf: ({ stateChanges }) => canonicalSet(stateChanges?.gtids?.join(',') ?? '') || undefined,
  merge: uniteSets,
  bounded: boundedSet,
  covers: includesSet,
  parse: canonicalSet,
  positionQuery: 'SELECT @@GLOBAL.gtid_executed AS position',
  committedQuery: 'SELECT @@GLOBAL.gtid_executed AS position',
  // A timeout of 0 would wait for ever.
  waitQuery: (wanted, timeoutMs) => ({
    sql: 'SELECT WAIT_FOR_EXECUTED_GTID_SET(?, ?) <=> 0 AS reached',
    values: [wanted, Math.max(timeoutMs, 1) / 1_000],
  }),
  statusQuery: 'SHOW REPLICA STATUS',
  readStatus: (rows) => readReplicationStatus(STATUS_COLUMNS, rows),
};
