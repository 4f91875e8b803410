import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ReplicationDialect } from './replication.dialect.js';
import { replicationStatusContract, type SourceConnection } from './replication-status.contract-spec.js';

export interface DialectUnderTest {
  dialect: ReplicationDialect;
  /** Any position in canonical form. */
  anyPosition: fc.Arbitrary<string>;
  /** `later` has all that `earlier` has and more, `elsewhere` shares nothing with either, `both` is all of it. */
  positions: { earlier: string; later: string; elsewhere: string; both: string };
  /** Texts and their canonical form. */
  canonical: [text: string, canonical: string][];
  /** Texts that are not positions of this engine. */
  foreign: string[];
  /** A row of this engine's status, as its server names the columns. */
  statusRow(connection: SourceConnection): Record<string, unknown>;
}

/** What every engine's dialect must do. */
export function replicationDialectContract(engine: DialectUnderTest): void {
  describe('positions', () => positionContract(engine));
  describe('merge and covers', () => algebraContract(engine));
  describe('readStatus', () => replicationStatusContract(engine.dialect, engine.statusRow));
}

function positionContract({ dialect, canonical, foreign, anyPosition }: DialectUnderTest): void {
  it('takes the empty text for the position before the first transaction', () => {
    expect(dialect.parse('')).toBe('');
  });

  it.each(canonical)('writes %j as %j', (text, expected) => {
    expect(dialect.parse(text)).toBe(expected);
    expect(dialect.parse(expected)).toBe(expected);
  });

  it.each(foreign)('does not take %j for a position', (text) => {
    expect(dialect.parse(text)).toBeUndefined();
    expect(dialect.covers(text, '')).toBe(false);
    expect(dialect.covers('', text)).toBe(false);
    expect(() => dialect.merge(text, canonical[0]?.[1] ?? '')).toThrow(RangeError);
  });

  it('leaves a canonical position as it is', () => {
    fc.assert(
      fc.property(anyPosition, (position) => {
        expect(dialect.parse(position)).toBe(position);
      }),
    );
  });

  it.each([undefined, null, {}, { systemVariables: {}, gtids: [] }, { systemVariables: { last_gtid: '' } }])(
    'finds no GTID in an OK packet that says %j',
    (stateChanges) => {
      expect(dialect.gtidOf({ stateChanges })).toBeUndefined();
    },
  );
}

function algebraContract({ dialect, positions, anyPosition }: DialectUnderTest): void {
  const { merge, covers } = dialect;
  const { earlier, later, elsewhere, both } = positions;

  it.each<[string, string, string, boolean]>([
    ['a position covers itself', earlier, earlier, true],
    ['a later one covers an earlier one', later, earlier, true],
    ['an earlier one does not cover a later one', earlier, later, false],
    ['one does not cover another of elsewhere', later, elsewhere, false],
    ['one that is ahead here and behind there covers neither', later, both, false],
    ['nothing is covered by every position', '', '', true],
    ['the empty position covers nothing else', '', earlier, false],
    ['every position covers the empty one', earlier, '', true],
  ])('%s', (_title, position, wanted, expected) => {
    expect(covers(position, wanted)).toBe(expected);
  });

  it.each<[string, string, string, string]>([
    ['the later of two wins', earlier, later, later],
    ['what has nothing in common is listed', later, elsewhere, both],
    ['the empty position adds nothing', earlier, '', earlier],
  ])('%s', (_title, a, b, expected) => {
    expect(merge(a, b)).toBe(expected);
    expect(merge(b, a)).toBe(expected);
  });

  it('merge does not depend on order or grouping, and repeats without effect', () => {
    fc.assert(
      fc.property(anyPosition, anyPosition, anyPosition, (a, b, c) => {
        expect(merge(a, b)).toBe(merge(b, a));
        expect(merge(merge(a, b), c)).toBe(merge(a, merge(b, c)));
        expect(merge(a, a)).toBe(a);
        expect(merge(merge(a, b), b)).toBe(merge(a, b));
      }),
    );
  });

  it('a bounded position covers the whole one', () => {
    fc.assert(
      fc.property(anyPosition, (position) => {
        expect(covers(dialect.bounded(position), position)).toBe(true);
      }),
    );
  });

  it('a merged position covers both, and is covered by whatever covers both', () => {
    fc.assert(
      fc.property(anyPosition, anyPosition, anyPosition, (a, b, c) => {
        const merged = merge(a, b);
        expect(covers(merged, a) && covers(merged, b)).toBe(true);
        expect(covers(c, merged)).toBe(covers(c, a) && covers(c, b));
      }),
    );
  });
}
