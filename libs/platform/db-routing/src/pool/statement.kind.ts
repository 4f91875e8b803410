/**
 * What a statement means for routing:
 *
 * - `read` may run on a replica; `locking-read` is a SELECT that takes locks, so it belongs to the primary;
 * - `write` is everything that is not known to be harmless;
 * - `begin`, `commit` and `rollback` bound a transaction;
 * - `session` touches the connection alone.
 */
export type StatementKind = 'read' | 'locking-read' | 'write' | 'begin' | 'commit' | 'rollback' | 'session';

// A comment that the server runs, `/*! … */` or MariaDB's `/*M! … */`, is no comment.
const FIRST_KEYWORD =
  /^(?:[\s(;]|\/\*(?!M?!)(?:[^*]|\*(?!\/))*\*\/|(?:--(?=\s|$)|#)[^\n]*(?:\n|$))*([a-z]+)/i;
const MAY_LOCK = /UPDATE|SHARE/i;
const LOCKS = /\bFOR\s+(?:UPDATE|SHARE)\b|\bLOCK\s+IN\s+SHARE\s+MODE\b/i;
/** What may follow the common table expressions of a statement, beside SELECT. */
const CHANGES = /\b(?:UPDATE|DELETE)\b/i;
/** MariaDB's `SET STATEMENT … FOR …` runs what follows. */
const RUNS_ANOTHER = /\bSET\s+STATEMENT\b/i;
const ROLLBACK_TO_SAVEPOINT = /\bTO\b/i;
const QUOTED =
  /'(?:[^'\\]|\\[^]|'')*'|"(?:[^"\\]|\\[^]|"")*"|`(?:[^`]|``)*`|\/\*(?!M?!)[^]*?\*\/|(?:--(?=\s|$)|#)[^\n]*/g;

const kinds: Readonly<Record<string, StatementKind>> = {
  SELECT: 'read',
  SHOW: 'read',
  EXPLAIN: 'read',
  DESCRIBE: 'read',
  DESC: 'read',
  VALUES: 'read',
  TABLE: 'read',
  WITH: 'read',
  BEGIN: 'begin',
  START: 'begin',
  COMMIT: 'commit',
  ROLLBACK: 'rollback',
  SET: 'session',
  USE: 'session',
  SAVEPOINT: 'session',
  RELEASE: 'session',
};

const CHANGES_SCHEMA = /^(?:CREATE|ALTER|DROP|RENAME|TRUNCATE|OPTIMIZE|REPAIR)$/i;

/** Whether it changes or rebuilds a table: that may take hours, and must not be cut short and begun again. */
export function changesSchema(sql: string): boolean {
  return CHANGES_SCHEMA.test(FIRST_KEYWORD.exec(sql)?.[1] ?? '');
}

/** Looks at keywords only, not inside quotes; a statement that it can't place is a `write`. */
export function statementKind(sql: string): StatementKind {
  const keyword = sql.startsWith('SELECT ') ? 'SELECT' : (FIRST_KEYWORD.exec(sql)?.[1] ?? '').toUpperCase();
  const kind = kinds[keyword] ?? 'write';
  if (kind === 'read') {
    if (!MAY_LOCK.test(sql) && keyword !== 'WITH') return 'read';
    const code = unquoted(sql);
    if (LOCKS.test(code)) return 'locking-read';
    if (keyword === 'WITH' && CHANGES.test(code)) return 'write';
  }
  if (keyword === 'SET' && RUNS_ANOTHER.test(sql)) return 'write';
  if (kind === 'rollback' && ROLLBACK_TO_SAVEPOINT.test(sql)) return 'session';
  return kind;
}

function unquoted(sql: string): string {
  return sql.replace(QUOTED, ' ');
}
