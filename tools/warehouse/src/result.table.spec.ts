import { expect, it } from 'vitest';
import { tableOf } from './result.table.js';

it('shows rows as a table, numbers to the right', () => {
  const rows = [
    ['confirmed', '1204'],
    ['cancelled', '31'],
  ];
  expect(tableOf({ columns: ['status', 'n'], rows })).toBe(
    ['status        n', '---------  ----', 'confirmed  1204', 'cancelled    31', '(2 rows)'].join('\n'),
  );
});

it('shows no rows, NULL, and nothing that would move a cursor', () => {
  expect(tableOf({ columns: ['a'], rows: [] })).toBe('a\n-\n(0 rows)');
  expect(tableOf({ columns: ['a'], rows: [[null]] })).toBe('a\n----\nNULL\n(1 row)');
  expect(tableOf({ columns: ['a'], rows: [['x\u001B[2J\ny']] })).toContain('x [2J y');
  expect(tableOf({ columns: ['a'], rows: [['x'.repeat(90)]] })).toContain(`${'x'.repeat(59)}…`);
});
