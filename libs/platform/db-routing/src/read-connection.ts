import type { DataSource, QueryRunner } from 'typeorm';

/**
 * Runs `work` on one connection for reading, to the node that the rules of routing name, and gives it back. For SQL of
 * one's own: `dataSource.query` by itself goes to the primary.
 */
export async function onReadConnection<T>(
  dataSource: DataSource,
  work: (runner: QueryRunner) => Promise<T>,
): Promise<T> {
  const runner = dataSource.createQueryRunner('slave');
  try {
    return await work(runner);
  } finally {
    await runner.release();
  }
}
