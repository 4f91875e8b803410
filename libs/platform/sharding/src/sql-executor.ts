/**
 * What topology and ids need of the main cluster: a TypeORM `DataSource` is one. Statements must reach the primary,
 * as TypeORM's raw `query` does.
 */
export interface SqlExecutor {
  query<T = unknown>(sql: string, parameters?: unknown[]): Promise<T>;
}
