import { beginStatement } from '@fourfold/db-routing';
import { failSpan } from '@fourfold/observability/tracing';
import type { QueryRunner } from 'typeorm';

/** Gives each statement of one operation a span. @param reason how many shards the call that it belongs to asks */
export function withStatementSpans(runner: QueryRunner, node: string, reason: string): QueryRunner {
  const query = runner.query.bind(runner) as (sql: string, ...rest: unknown[]) => Promise<never>;
  runner.query = async (sql: string, ...rest: unknown[]) => {
    const span = beginStatement(sql, { node, reason });
    try {
      return await query(sql, ...rest);
    } catch (error) {
      failSpan(span, error);
      throw error;
    } finally {
      span.end();
    }
  };
  return runner;
}
