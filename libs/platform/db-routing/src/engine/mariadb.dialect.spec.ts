import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dialectOf } from './dialect-of.js';
import { replicationDialectContract } from './replication-dialect.contract-spec.js';

const dialect = dialectOf('mariadb');

const gtid = fc.record({
  domain: fc.integer({ min: 0, max: 12 }),
  server: fc.integer({ min: 1, max: 3 }),
  sequence: fc.oneof(fc.bigInt(1n, 20n), fc.bigInt(2n ** 53n, 2n ** 64n - 1n)),
});
const anyPosition = fc.uniqueArray(gtid, { selector: ({ domain }) => domain, maxLength: 4 }).map((gtids) =>
  gtids
    .sort((a, b) => a.domain - b.domain)
    .map(({ domain, server, sequence }) => `${domain}-${server}-${sequence}`)
    .join(','),
);

describe('the MariaDB dialect', () => {
  replicationDialectContract({
    dialect,
    anyPosition,
    positions: { earlier: '1-1-99', later: '1-1-100', elsewhere: '12-10-5', both: '1-1-100,12-10-5' },
    canonical: [
      ['0-1-5', '0-1-5'],
      ['10-1-5,9-1-7', '9-1-7,10-1-5'],
      [' 0-1-5, 1-1-1\n', '0-1-5,1-1-1'],
      ['0-1-9,0-2-10', '0-2-10'],
      ['4294967295-4294967295-18446744073709551615', '4294967295-4294967295-18446744073709551615'],
    ],
    foreign: [
      '0-1',
      '0-1-5-7',
      '0-1-5,',
      '0-1-x',
      '0-1--5',
      '0-1-007',
      '4294967296-1-1',
      '1-4294967296-1',
      '1-1-18446744073709551616',
      '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5',
    ],
    statusRow: (connection) => ({
      Connection_name: connection.name ?? '',
      Slave_IO_Running: connection.receiver,
      Slave_SQL_Running: connection.applier,
      Seconds_Behind_Master: connection.lag,
      Last_IO_Error: connection.receiverError ?? '',
      Last_SQL_Error: connection.applierError ?? '',
    }),
  });

  it('names the GTID that the server tells as last_gtid', () => {
    const systemVariables = { autocommit: 'ON', last_gtid: '1-1-42' };
    expect(dialect.gtidOf({ stateChanges: { systemVariables, gtids: [] } })).toBe('1-1-42');
  });

  it('compares sequences beyond 2^53 exactly', () => {
    expect(dialect.covers('0-1-9007199254740992', '0-1-9007199254740993')).toBe(false);
    expect(dialect.merge('0-1-9007199254740992', '0-1-9007199254740993')).toBe('0-1-9007199254740993');
  });

  it('does not care which server wrote a transaction of a domain', () => {
    expect(dialect.covers('0-2-10', '0-1-10')).toBe(true);
    expect(dialect.merge('0-2-10', '0-1-10')).toBe(dialect.merge('0-1-10', '0-2-10'));
  });

  it.each([
    [250, 0.25],
    [0, 0],
    [-1, 0],
  ])('waits %d ms as %d s, never for ever', (timeoutMs, seconds) => {
    expect(dialect.waitQuery('0-1-5', timeoutMs).values).toEqual(['0-1-5', seconds]);
  });
});
