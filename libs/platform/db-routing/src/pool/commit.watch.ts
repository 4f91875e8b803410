import type { OkPacket, ReplicationDialect } from '../engine/replication.dialect.js';
import type { StatementKind } from './statement.kind.js';

/** Who wants to know what a connection has committed. */
export interface CommitListener {
  /** A transaction is committed, and the server has told its GTID. */
  committed(gtid: string): void;
  /** Something was written, and the server has not told which transaction it was. */
  committedUnseen(): void;
}

interface Header extends OkPacket {
  affectedRows: number | string;
  changedRows?: number;
  info?: string;
  serverStatus?: number;
}

const SERVER_STATUS_IN_TRANS = 1;

/**
 * Follows one connection's statements, and finds the GTID of each commit in its OK packet. Where the server tells none
 * (`INSERT … RETURNING` answers with rows, tracking may be off, the line may break during a COMMIT), the listener
 * is told of that as well: reads have to see a write whose GTID is unknown too.
 */
export class CommitWatch {
  private openTransaction = false;
  private unnamedWrite = false;

  constructor(private readonly dialect: ReplicationDialect) {}

  get inTransaction(): boolean {
    return this.openTransaction;
  }

  succeeded(kind: StatementKind, result: unknown, listener: CommitListener | undefined): void {
    const headers = headersOf(result);
    if (kind === 'begin') this.openTransaction = true;
    else if (kind === 'commit' || kind === 'rollback') this.openTransaction = false;
    const serverStatus = headers.at(-1)?.serverStatus;
    if (serverStatus !== undefined) this.openTransaction = (serverStatus & SERVER_STATUS_IN_TRANS) !== 0;

    if (kind === 'rollback') this.unnamedWrite = false;
    if (kind === 'write' && (headers.length === 0 || headers.some(changesSomething)))
      this.unnamedWrite = true;
    const gtids = headers.flatMap((header) => this.dialect.gtidOf(header) ?? []);
    for (const gtid of gtids) listener?.committed(gtid);
    if (gtids.length > 0) this.unnamedWrite = false;
    else if (this.unnamedWrite && !this.openTransaction) {
      this.unnamedWrite = false;
      listener?.committedUnseen();
    }
  }

  /** The line broke while the statement ran: it may have been committed. */
  brokeDuring(kind: StatementKind, listener: CommitListener | undefined): void {
    const mayHaveCommitted = kind === 'commit' || (kind === 'write' && !this.openTransaction);
    if (mayHaveCommitted) listener?.committedUnseen();
    this.openTransaction = false;
    this.unnamedWrite = false;
  }
}

/** A CALL, or several statements in one, is answered by a list with an OK packet for each. */
function headersOf(result: unknown): Header[] {
  return (Array.isArray(result) ? result : [result]).filter(isHeader);
}

function isHeader(result: unknown): result is Header {
  return (
    typeof result === 'object' && result !== null && 'affectedRows' in result && 'serverStatus' in result
  );
}

/** An UPDATE that finds its rows as they should be writes nothing, and has no GTID. */
function changesSomething(header: Header): boolean {
  if (header.info?.includes('Changed:')) return Number(header.changedRows) > 0;
  return Number(header.affectedRows) > 0;
}
