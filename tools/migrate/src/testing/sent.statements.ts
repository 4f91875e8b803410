import { Connection } from 'mysql2';

/** A statement as it goes to the server, with `?` where its parameters stand. */
export interface SentStatement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

type Query = (
  this: unknown,
  statement: string | { sql: string; values?: unknown[] },
  ...rest: unknown[]
) => unknown;

/** @returns what this process sends to any database while `work` goes on */
export async function sentBy(work: () => Promise<unknown>): Promise<SentStatement[]> {
  const sent: SentStatement[] = [];
  const connections = Connection.prototype as unknown as { query: Query };
  const { query } = connections;
  connections.query = function (statement, ...rest) {
    const { sql, values } = typeof statement === 'string' ? { sql: statement, values: undefined } : statement;
    const parameters = Array.isArray(rest[0]) ? rest[0] : (values ?? []);
    sent.push({ sql, parameters });
    return query.call(this, statement, ...rest);
  };
  try {
    await work();
  } finally {
    // It is inherited.
    delete (connections as { query?: Query }).query;
  }
  return sent;
}
