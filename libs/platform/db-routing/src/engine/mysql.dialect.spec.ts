import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dialectOf } from './dialect-of.js';
import { replicationDialectContract } from './replication-dialect.contract-spec.js';

const dialect = dialectOf('mysql');
const a = '3e11fa47-71ca-11e1-9e33-c80aa9429562';
const b = 'a0000000-0000-4000-8000-00000000000b';

const interval = fc
  .tuple(fc.bigInt(1n, 40n), fc.bigInt(0n, 5n))
  .map(([first, more]) => `${first}-${first + more}`);
const gtids = fc
  .tuple(fc.constantFrom(a, b, `${a}:tag`, `${b}:_t2`), fc.array(interval, { minLength: 1, maxLength: 4 }))
  .map(([source, intervals]) => [source, ...intervals].join(':'));
const anyPosition = fc
  .array(gtids, { maxLength: 4 })
  .map((parts) => dialect.parse(parts.join(',')) ?? 'none');

describe('the MySQL dialect', () => {
  replicationDialectContract({
    dialect,
    anyPosition,
    positions: {
      earlier: `${a}:1-99`,
      later: `${a}:1-100`,
      elsewhere: `${b}:1-5`,
      both: `${a}:1-100,${b}:1-5`,
    },
    canonical: [
      [`${a}:5`, `${a}:5`],
      [`${a.toUpperCase()}:1-5`, `${a}:1-5`],
      [`${b}:1,\n${a}:1-3`, `${a}:1-3,${b}:1`],
      [`${a}:7-9:1-5`, `${a}:1-5:7-9`],
      [`${a}:1-3:4-6:6-8:2`, `${a}:1-8`],
      [`${a}:1-3,${a}:4`, `${a}:1-4`],
      [`${a}:5-5`, `${a}:5`],
      [`${a}:Tag:1-3:4`, `${a}:tag:1-4`],
      [`${a}:b:2,${a}:1:a:7`, `${a}:1:a:7:b:2`],
      [`${a}:9223372036854775806`, `${a}:9223372036854775806`],
    ],
    foreign: [
      a,
      `${a}:`,
      `${a}:0`,
      `${a}:5-3`,
      `${a}:1-2-3`,
      `${a}:9223372036854775807`,
      `${a}:tag`,
      `${a}:1:tag`,
      `${a}:tag:other:1`,
      `${a}:1tag:1`,
      `${a}:${'t'.repeat(33)}:1`,
      `${a}:1,`,
      '3e11fa47:1-5',
      '0-1-5',
    ],
    statusRow: (connection) => ({
      Channel_Name: connection.name ?? '',
      Replica_IO_Running: connection.receiver,
      Replica_SQL_Running: connection.applier,
      Seconds_Behind_Source: connection.lag,
      Last_IO_Error: connection.receiverError ?? '',
      Last_SQL_Error: connection.applierError ?? '',
    }),
  });

  it('names the GTIDs that the server tells, as one set', () => {
    expect(dialect.gtidOf({ stateChanges: { systemVariables: {}, gtids: [`${a}:42`] } })).toBe(`${a}:42`);
    expect(dialect.gtidOf({ stateChanges: { gtids: [`${b}:7`, `${a}:42`] } })).toBe(`${a}:42,${b}:7`);
  });

  it.each<[string, string, string, boolean]>([
    ['a gap is not covered', `${a}:1-5:7-9`, `${a}:6`, false],
    ['nor is an interval that spans it', `${a}:1-5:7-9`, `${a}:4-8`, false],
    ['either side of it is', `${a}:1-5:7-9`, `${a}:2:8-9`, true],
    ['a tag is numbered apart', `${a}:1-5`, `${a}:tag:1`, false],
    ['a tag does not cover what has none', `${a}:tag:1-5`, `${a}:1`, false],
    ['numbers beyond 2^53 are exact', `${a}:1-9007199254740992`, `${a}:9007199254740993`, false],
  ])('%s', (_title, position, wanted, expected) => {
    expect(dialect.covers(position, wanted)).toBe(expected);
  });

  it('merge closes the gap between intervals that adjoin', () => {
    expect(dialect.merge(`${a}:1-5:7-9`, `${a}:6`)).toBe(`${a}:1-9`);
  });

  it('bounded fills the smallest gaps until 32 intervals of a source are left, and no large one', () => {
    const everyOther = (from: number) => Array.from({ length: 40 }, (_, index) => from + 2 * index).join(':');
    const position = `${a}:${everyOther(1)}:${everyOther(1_000_001)}:tag:7,${b}:3:5`;
    const bounded = dialect.bounded(position);
    const [ofA = '', ofB] = bounded.split(',');
    expect(ofA.split(':tag:')[0]?.split(':')).toHaveLength(1 + 32);
    expect(dialect.covers(bounded, position)).toBe(true);
    expect(dialect.covers(bounded, `${a}:80`)).toBe(false);
    expect(dialect.covers(bounded, `${a}:1000000`)).toBe(false);
    expect([dialect.parse(bounded), ofB]).toEqual([bounded, `${b}:3:5`]);
  });

  it.each([
    [250, 0.25],
    [0, 0.001],
    [-1, 0.001],
  ])('waits %d ms as %d s, never for ever', (timeoutMs, seconds) => {
    expect(dialect.waitQuery(`${a}:5`, timeoutMs).values).toEqual([`${a}:5`, seconds]);
  });
});
