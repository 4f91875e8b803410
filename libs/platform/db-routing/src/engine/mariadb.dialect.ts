import { canonicalPosition, coversPosition, mergePositions } from './mariadb-gtid.position.js';
import type { ReplicationDialect } from './replication.dialect.js';
import { readReplicationStatus, type StatusColumns } from './status.reader.js';

/** The server takes a name twice, but neither an empty name nor one beside `*` (error 1193). */
const TRACK_LAST_GTID = `
  SET SESSION session_track_system_variables = IF(
    @@SESSION.session_track_system_variables = '*',
    '*',
    CONCAT_WS(',', NULLIF(@@SESSION.session_track_system_variables, ''), 'last_gtid')
  )
`;

const STATUS_COLUMNS: StatusColumns = {
  connection: 'Connection_name',
  receiver: 'Slave_IO_Running',
  applier: 'Slave_SQL_Running',
  lagSeconds: 'Seconds_Behind_Master',
  receiverError: 'Last_IO_Error',
  applierError: 'Last_SQL_Error',
};

/** A position is a comma list of `domain-server-sequence`, one for each domain. */
export const mariadbDialect: ReplicationDialect = {
  engine: 'mariadb',
  sessionSetup: [TRACK_LAST_GTID],
  // It is empty until the session has committed something.
  gtidOf: ({ stateChanges }) =>
    canonicalPosition(stateChanges?.systemVariables?.['last_gtid'] ?? '') || undefined,
  merge: mergePositions,
  bounded: (position) => position,
  covers: coversPosition,
  parse: canonicalPosition,
  positionQuery: 'SELECT @@GLOBAL.gtid_slave_pos AS position',
  committedQuery: 'SELECT @@GLOBAL.gtid_binlog_pos AS position',
  // A negative timeout would wait for ever.
  waitQuery: (wanted, timeoutMs) => ({
    sql: 'SELECT MASTER_GTID_WAIT(?, ?) <=> 0 AS reached',
    values: [wanted, Math.max(timeoutMs, 0) / 1_000],
  }),
  statusQuery: 'SHOW ALL REPLICAS STATUS',
  readStatus: (rows) => readReplicationStatus(STATUS_COLUMNS, rows),
};
