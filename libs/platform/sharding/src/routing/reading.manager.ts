import { statementKind, WriteOnReadConnectionError } from '@fourfold/db-routing';
import type { PoolConnection } from 'mysql2';
import type { EntityManager, QueryRunner } from 'typeorm';

type Statement = string | { sql: string };
type Send = (statement: Statement, ...rest: never[]) => never;

/**
 * The manager of a connection that is for reads: a write, or a locking read, is refused before it is sent, with
 * WriteOnReadConnectionError. It would be outside a transaction and past `ShardRouter.write`. Goes by the statement's
 * keywords, which costs nothing next to a round trip; the server's own `READ ONLY` would cost one each way.
 * @param runner of this one operation: it reads from here on, and so does its connection until it is released
 */
export async function readingManager(runner: QueryRunner, shard: string): Promise<EntityManager> {
  const assertRead = (statement: Statement): void => {
    const kind = statementKind(typeof statement === 'string' ? statement : statement.sql);
    if (kind === 'write' || kind === 'locking-read') throw new WriteOnReadConnectionError(shard, kind);
  };
  // TypeORM would wrap what the connection throws.
  const query = runner.query.bind(runner) as Send;
  const stream = runner.stream.bind(runner) as Send;
  runner.query = async (sql: string, ...rest: never[]) => {
    assertRead(sql);
    return query(sql, ...rest);
  };
  runner.stream = async (sql: string, ...rest: never[]) => {
    assertRead(sql);
    return stream(sql, ...rest);
  };
  guardConnection(runner, (await runner.connect()) as PoolConnection, assertRead);
  return runner.manager;
}

/** `connect` of a runner returns the driver’s own connection, which is guarded as well. */
function guardConnection(
  runner: QueryRunner,
  connection: PoolConnection,
  assertRead: (statement: Statement) => void,
): void {
  const methods = ['query', 'execute', 'prepare'] as const;
  for (const method of methods) {
    const send = connection[method].bind(connection) as Send;
    const guarded: Send = (statement, ...rest) => {
      assertRead(statement);
      return send(statement, ...rest);
    };
    Object.defineProperty(connection, method, { value: guarded, configurable: true });
  }
  const release = runner.release.bind(runner);
  runner.release = () => {
    for (const method of methods) Reflect.deleteProperty(connection, method);
    return release();
  };
}
