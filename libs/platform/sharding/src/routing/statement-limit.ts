import type { PoolConnection } from 'mysql2';
import type { QueryRunner } from 'typeorm';

/** Which limit the session of each connection has now. */
const limits = new WeakMap<PoolConnection, number>();

/**
 * Has the server itself end a statement that runs longer: one whose connection was cut would run on there to its end,
 * and keep its locks, for a server looks at a connection only between statements. Costs a round trip where the last
 * who had this connection had another limit. MySQL knows such a limit for SELECT alone.
 */
export async function limitStatements(
  runner: QueryRunner,
  connection: PoolConnection,
  limitMs: number,
): Promise<void> {
  if (limits.get(connection) === limitMs) return;
  // Each server reads its own part, and takes the other's for a comment.
  await runner.query(
    `SET SESSION /*M! max_statement_time = ${limitMs / 1_000} */ /*!80000 max_execution_time = ${Math.ceil(limitMs)} */`,
  );
  limits.set(connection, limitMs);
}
