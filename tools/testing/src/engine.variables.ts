import { testEngine } from './test-topology.js';

/** What the engine of this run calls the same thing; expressions for a SELECT, as text, and a statement. */
export const engineVariables = {
  mariadb: {
    isolationLevel: '@@tx_isolation',
    statementLimitMs: 'CAST(ROUND(@@SESSION.max_statement_time * 1000) AS CHAR)',
    noStatementLimit: 'SET SESSION max_statement_time = 0',
  },
  mysql: {
    isolationLevel: '@@transaction_isolation',
    statementLimitMs: 'CAST(@@SESSION.max_execution_time AS CHAR)',
    noStatementLimit: 'SET SESSION max_execution_time = 0',
  },
}[testEngine];
