import type { ReplicationStatus } from './replication.dialect.js';

type StatusRow = Readonly<Record<string, unknown>>;

/** What an engine calls the columns of its replication status. */
export interface StatusColumns {
  connection: string;
  /** The thread that fetches from the source: `Yes` while it is connected. */
  receiver: string;
  /** The thread that executes what was fetched: `Yes` or `No`. */
  applier: string;
  lagSeconds: string;
  receiverError: string;
  applierError: string;
}

/** Reads the status of all source connections as one: each has to be fine, the largest lag counts. */
export function readReplicationStatus(columns: StatusColumns, rows: readonly StatusRow[]): ReplicationStatus {
  if (rows.length === 0) return { kind: 'broken', detail: 'not a replica: it has no source connection' };
  const statuses = rows.map((row) => statusOfConnection(columns, row));
  for (const kind of ['broken', 'source-lost'] as const) {
    const details = statuses.flatMap((status) => (status.kind === kind ? [status.detail] : []));
    if (details.length > 0) return { kind, detail: details.join('; ') };
  }
  const lags = statuses.map((status) => (status.kind === 'replicating' ? status.lagMs : 0));
  return { kind: 'replicating', lagMs: Math.max(...lags) };
}

function statusOfConnection(columns: StatusColumns, row: StatusRow): ReplicationStatus {
  const name = textOf(row[columns.connection]);
  const detail = (...parts: (string | undefined)[]) => [name, ...parts].filter(Boolean).join(': ');
  const applier = textOf(row[columns.applier]);
  const receiver = textOf(row[columns.receiver]);
  const lag = row[columns.lagSeconds];
  if (applier === undefined || receiver === undefined || lag === undefined) {
    return { kind: 'broken', detail: detail('the replication status lacks columns') };
  }
  if (applier !== 'Yes') {
    return { kind: 'broken', detail: detail('the applier is stopped', textOf(row[columns.applierError])) };
  }
  // Before the lag: MySQL still counts seconds while it applies what it fetched before the source was lost.
  if (receiver !== 'Yes') {
    const error = textOf(row[columns.receiverError]);
    return { kind: 'source-lost', detail: detail(`the receiver is not connected (${receiver})`, error) };
  }
  const seconds = wholeNumberOf(lag);
  if (seconds === undefined)
    return { kind: 'broken', detail: detail('both threads run, the lag is unknown') };
  return { kind: 'replicating', lagMs: seconds * 1_000 };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The driver gives 64-bit columns as number, text or bigint, as its options say. */
function wholeNumberOf(value: unknown): number | undefined {
  if (typeof value !== 'number' && typeof value !== 'string' && typeof value !== 'bigint') return undefined;
  return /^\d+$/.test(String(value)) ? Number(value) : undefined;
}
