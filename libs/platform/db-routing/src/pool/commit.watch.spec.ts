import { describe, expect, it } from 'vitest';
import { dialectOf } from '../engine/dialect-of.js';
import { CommitWatch } from './commit.watch.js';
import type { StatementKind } from './statement.kind.js';

type Step = [kind: StatementKind, result: unknown] | [kind: StatementKind, outcome: 'line broke'];

const IN_TRANSACTION = 1;

interface Packet {
  rows?: number;
  changed?: number;
  gtid?: string;
  inTransaction?: boolean;
}

/** An OK packet as mysql2 gives it. */
function ok({ rows = 0, changed, gtid, inTransaction = false }: Packet = {}) {
  return {
    affectedRows: rows,
    serverStatus: 2 | (inTransaction ? IN_TRANSACTION : 0),
    info: changed === undefined ? '' : `Rows matched: ${rows}  Changed: ${changed}  Warnings: 0`,
    ...(changed !== undefined && { changedRows: changed }),
    ...(gtid !== undefined && { stateChanges: { systemVariables: { last_gtid: gtid } } }),
  };
}

const rows = [{ id: 1, affectedRows: 7 }];
const within = ok({ inTransaction: true });
const writtenWithin = ok({ rows: 1, inTransaction: true });

function heard(steps: Step[]) {
  const watch = new CommitWatch(dialectOf('mariadb'));
  const told: string[] = [];
  const listener = {
    committed: (gtid: string) => void told.push(gtid),
    committedUnseen: () => void told.push('unseen'),
  };
  for (const [kind, result] of steps) {
    if (result === 'line broke') watch.brokeDuring(kind, listener);
    else watch.succeeded(kind, result, listener);
  }
  return { told, inTransaction: watch.inTransaction };
}

describe('CommitWatch', () => {
  it.each<[string, Step[], string[], boolean]>([
    ['a write of its own tells its GTID', [['write', ok({ rows: 1, gtid: '0-1-5' })]], ['0-1-5'], false],
    ['…and is unseen without one', [['write', ok({ rows: 1 })]], ['unseen'], false],
    ['a write that found nothing is none', [['write', ok()]], [], false],
    ['…nor is one that found all as it should be', [['write', ok({ rows: 3, changed: 0 })]], [], false],
    ['…but one that changed a row is', [['write', ok({ rows: 3, changed: 1 })]], ['unseen'], false],
    ['a write that answers with rows is unseen', [['write', rows]], ['unseen'], false],
    ['a row is no OK packet, whatever its columns', [['locking-read', rows]], [], false],
    ['a transaction is open from its begin', [['begin', within]], [], true],
    [
      'its GTID comes with its commit',
      [
        ['begin', within],
        ['write', writtenWithin],
        ['commit', ok({ gtid: '0-1-6' })],
      ],
      ['0-1-6'],
      false,
    ],
    [
      '…or it is unseen',
      [
        ['begin', within],
        ['write', writtenWithin],
        ['commit', ok()],
      ],
      ['unseen'],
      false,
    ],
    [
      '…also if it wrote by a RETURNING',
      [
        ['begin', within],
        ['write', rows],
        ['commit', ok()],
      ],
      ['unseen'],
      false,
    ],
    [
      'one that wrote nothing commits nothing',
      [
        ['begin', within],
        ['commit', ok()],
      ],
      [],
      false,
    ],
    [
      'one that is rolled back wrote nothing',
      [
        ['begin', within],
        ['write', writtenWithin],
        ['rollback', ok()],
      ],
      [],
      false,
    ],
    [
      '…and leaves nothing to the next',
      [
        ['begin', within],
        ['write', writtenWithin],
        ['rollback', ok()],
        ['session', ok()],
      ],
      [],
      false,
    ],
    [
      'a rollback to a savepoint ends nothing',
      [
        ['begin', within],
        ['write', writtenWithin],
        ['session', within],
      ],
      [],
      true,
    ],
    [
      'DDL commits what was open',
      [
        ['begin', within],
        ['write', writtenWithin],
        ['write', ok({ gtid: '0-1-7' })],
      ],
      ['0-1-7'],
      false,
    ],
    [
      'COMMIT AND CHAIN opens the next',
      [
        ['begin', within],
        ['commit', within],
      ],
      [],
      true,
    ],
    [
      'a CALL tells each commit in it',
      [['write', [ok({ rows: 1, gtid: '0-1-8' }), rows, ok({ gtid: '0-1-9' })]]],
      ['0-1-8', '0-1-9'],
      false,
    ],
    ['a GTID that is none is not told', [['write', ok({ rows: 1, gtid: 'x' })]], ['unseen'], false],
    ['the line breaks during a write: it may be there', [['write', 'line broke']], ['unseen'], false],
    [
      '…during one in a transaction: it is not',
      [
        ['begin', within],
        ['write', 'line broke'],
      ],
      [],
      false,
    ],
    [
      '…during a commit: it may be',
      [
        ['begin', within],
        ['write', writtenWithin],
        ['commit', 'line broke'],
      ],
      ['unseen'],
      false,
    ],
    [
      '…during a rollback: it is not',
      [
        ['begin', within],
        ['rollback', 'line broke'],
      ],
      [],
      false,
    ],
    ['…during a locking read: nothing was written', [['locking-read', 'line broke']], [], false],
  ])('%s', (_title, steps, told, inTransaction) => {
    expect(heard(steps)).toEqual({ told, inTransaction });
  });
});
