import type { Connection } from 'mysql2';
import { describe, expect, it } from 'vitest';
import { limitStatements, statementLimit } from './statement.limit.js';

describe('the limit that the server keeps', () => {
  it.each([
    [1_200, '/*M! max_statement_time = 1.2 */ /*!80000 max_execution_time = 1200 */'],
    [0.4, '/*M! max_statement_time = 0.001 */ /*!80000 max_execution_time = 1 */'],
    [Infinity, '/*M! max_statement_time = 0 */ /*!80000 max_execution_time = 0 */'],
  ])('is in seconds for MariaDB, in milliseconds for MySQL: %d', (limitMs, expected) => {
    expect(statementLimit(limitMs)).toBe(`SET SESSION ${expected}`);
  });

  it('is sent when it changes, and again when it was not taken', () => {
    const sent: string[] = [];
    let failure: Error | null = null;
    const connection = {
      query: (sql: string, answer: (error: Error | null) => void) => {
        sent.push(/time = (\S+)/.exec(sql)?.[1] ?? '');
        answer(failure);
      },
    } as unknown as Connection;
    for (const limitMs of [2_000, 2_000, Infinity, 2_000]) limitStatements(connection, limitMs);
    expect(sent).toEqual(['2', '0', '2']);
    failure = new Error('not taken');
    for (const limitMs of [3_000, 3_000]) limitStatements(connection, limitMs);
    expect(sent).toEqual(['2', '0', '2', '3', '3']);
  });
});
