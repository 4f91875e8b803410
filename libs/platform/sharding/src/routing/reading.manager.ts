import { statementKind, WriteOnReadConnectionError } from '@fourfold/db-routing';
import type { EntityManager, QueryRunner } from 'typeorm';

type Send = (sql: string, ...rest: never[]) => Promise<never>;

/**
 * The manager of a connection that is for reads: a write, or a locking read, is refused before it is sent, with
 * WriteOnReadConnectionError. It would be outside a transaction and past `ShardRouter.write`. Goes by the statement's
 * keywords, which costs nothing next to a round trip; the server's own `READ ONLY` would cost one each way.
 * @param runner of this one operation: it reads from here on
 */
export function readingManager(runner: QueryRunner, shard: string): EntityManager {
  const guarded =
    (send: Send): Send =>
    (sql, ...rest) => {
      const kind = statementKind(sql);
      return kind === 'write' || kind === 'locking-read'
        ? Promise.reject(new WriteOnReadConnectionError(shard, kind))
        : send(sql, ...rest);
    };
  runner.query = guarded(runner.query.bind(runner) as Send);
  runner.stream = guarded(runner.stream.bind(runner) as Send);
  return runner.manager;
}
