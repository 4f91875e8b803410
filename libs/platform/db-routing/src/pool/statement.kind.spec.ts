import { describe, expect, it } from 'vitest';
import { type StatementKind, statementKind } from './statement.kind.js';

const quotedText = 'FOR UPDATE';

describe('statementKind', () => {
  it.each<[string, StatementKind]>([
    ['SELECT 1', 'read'],
    ['  select id from notes', 'read'],
    ['(SELECT 1) UNION (SELECT 2)', 'read'],
    ['SELECT\n1', 'read'],
    ['/* trace=7 */ SELECT 1', 'read'],
    ['/* a * b ** c */ /**/ SELECT 1', 'read'],
    ['-- by whom\nSELECT 1', 'read'],
    ['--\nSELECT 1', 'read'],
    ['# by whom\n# and why\nSELECT 1', 'read'],
    ['SHOW TABLES', 'read'],
    ['EXPLAIN SELECT 1', 'read'],
    ['WITH few AS (SELECT 1) SELECT * FROM few', 'read'],
    ["WITH few AS (SELECT REPLACE(text, 'a', 'b') FROM notes) SELECT * FROM few", 'read'],
    ['SELECT updated_at, shared FROM notes', 'read'],
    ['INSERT INTO notes VALUES (1)', 'write'],
    ['insert into notes select 1', 'write'],
    ['/* SELECT */ DELETE FROM notes', 'write'],
    ['WITH few AS (SELECT 1) DELETE FROM notes WHERE id IN (SELECT * FROM few)', 'write'],
    ['with few as (select 1) update notes set id = 2', 'write'],
    ['CALL archive()', 'write'],
    ['ALTER TABLE notes ADD x INT', 'write'],
    ['ANALYZE DELETE FROM notes', 'write'],
    ['BEGIN', 'begin'],
    ['START TRANSACTION READ ONLY', 'begin'],
    ['COMMIT', 'commit'],
    ['ROLLBACK', 'rollback'],
    ['ROLLBACK TO SAVEPOINT typeorm_1', 'session'],
    ['SAVEPOINT typeorm_1', 'session'],
    ['SET @a = 1', 'session'],
    ['SET STATEMENT max_statement_time = 1 FOR DELETE FROM notes', 'write'],
    ['', 'write'],
    ['nonsense', 'write'],
  ])('%j is a %s', (sql, kind) => {
    expect(statementKind(sql)).toBe(kind);
  });

  it.each<[string, StatementKind]>([
    ['SELECT * FROM notes FOR UPDATE', 'locking-read'],
    ['select * from notes for update', 'locking-read'],
    ['SELECT * FROM notes FOR\n\tUPDATE SKIP LOCKED', 'locking-read'],
    ['SELECT * FROM notes FOR SHARE', 'locking-read'],
    ['SELECT * FROM notes LOCK IN SHARE MODE', 'locking-read'],
    ['SELECT * FROM notes lock  in  share  mode', 'locking-read'],
    ['WITH few AS (SELECT 1) SELECT * FROM few FOR UPDATE', 'locking-read'],
    ['/* c */ SELECT * FROM notes FOR UPDATE', 'locking-read'],
    ['-- c\nSELECT * FROM notes FOR UPDATE', 'locking-read'],
    ['SELECT * FROM notes FOR /* really */ UPDATE', 'locking-read'],
    ['SELECT * FROM notes FOR/**/UPDATE', 'locking-read'],
    [`SELECT 'it''s ${quotedText}' FROM notes FOR UPDATE`, 'locking-read'],
    ["SELECT '\\' FROM notes' FROM notes FOR UPDATE", 'locking-read'],
    [`SELECT '${quotedText}'`, 'read'],
    [`SELECT 'a\\' ${quotedText}'`, 'read'],
    [`SELECT 'a'' ${quotedText}'`, 'read'],
    [`SELECT "${quotedText}"`, 'read'],
    [`SELECT 1 AS \`${quotedText}\``, 'read'],
    [`SELECT 1 /* ${quotedText} */`, 'read'],
    [`SELECT 1 -- ${quotedText}`, 'read'],
    [`SELECT 1 # ${quotedText}\n`, 'read'],
    [`SELECT 1 -- it's\nFROM notes FOR UPDATE`, 'locking-read'],
  ])('locks: %j is a %s', (sql, kind) => {
    expect(statementKind(sql)).toBe(kind);
  });

  it.each<[string, StatementKind]>([
    ['/*! DELETE FROM notes */', 'write'],
    ['/*!50000 SELECT 1 */', 'write'],
    ['/*M! INSERT INTO notes */ SELECT 1', 'write'],
    ['/*M!100100 DELETE */ FROM notes', 'write'],
    ['SELECT 1 FROM notes /*! FOR UPDATE */', 'locking-read'],
    ['SELECT 1 FROM notes /*M! FOR UPDATE */', 'locking-read'],
  ])('a comment that the server runs is none: %j is a %s', (sql, kind) => {
    expect(statementKind(sql)).toBe(kind);
  });

  it('takes no time to speak of for a statement made of comments', () => {
    expect(statementKind(`${'/**/'.repeat(5_000)}1`)).toBe('write');
    expect(statementKind(`SELECT 1${'/**/'.repeat(5_000)}FOR UPDATE`)).toBe('locking-read');
  });
});
