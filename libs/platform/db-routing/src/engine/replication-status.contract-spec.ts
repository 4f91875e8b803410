import { expect, it } from 'vitest';
import type { ReplicationDialect, ReplicationStatus } from './replication.dialect.js';

/** What an engine's status says of one source connection. */
export interface SourceConnection {
  name?: string;
  receiver?: unknown;
  applier?: unknown;
  lag?: unknown;
  receiverError?: string;
  applierError?: string;
}

/**
 * How every engine's status is read.
 * @param statusRow a row as the engine's server names the columns
 */
export function replicationStatusContract(
  dialect: ReplicationDialect,
  statusRow: (connection: SourceConnection) => Record<string, unknown>,
): void {
  const fine: SourceConnection = { receiver: 'Yes', applier: 'Yes', lag: 0 };
  const read = (...connections: SourceConnection[]) =>
    dialect.readStatus(connections.map((connection) => statusRow({ ...fine, ...connection })));
  const stopped = { applier: 'No', lag: null, applierError: 'Duplicate entry' };
  const cutOff = { receiver: 'Connecting', lag: null, receiverError: "Can't connect" };

  it.each<[string, SourceConnection[], ReplicationStatus]>([
    ['both threads run: it replicates', [{ lag: 3 }], { kind: 'replicating', lagMs: 3_000 }],
    ['the lag may be text', [{ lag: '12' }], { kind: 'replicating', lagMs: 12_000 }],
    ['the lag may be a bigint', [{ lag: 7n }], { kind: 'replicating', lagMs: 7_000 }],
    [
      'of several sources the largest lag counts',
      [{ lag: 1 }, { lag: '9' }, {}],
      { kind: 'replicating', lagMs: 9_000 },
    ],
    [
      'a receiver that is not connected has lost its source',
      [cutOff],
      { kind: 'source-lost', detail: "the receiver is not connected (Connecting): Can't connect" },
    ],
    [
      'even while there is a lag to count',
      [{ receiver: 'No', lag: 4 }],
      { kind: 'source-lost', detail: 'the receiver is not connected (No)' },
    ],
    [
      'a stopped applier is broken',
      [stopped],
      { kind: 'broken', detail: 'the applier is stopped: Duplicate entry' },
    ],
    [
      'an unknown lag while both threads run is broken',
      [{ lag: null }],
      { kind: 'broken', detail: 'both threads run, the lag is unknown' },
    ],
    [
      'so is one that is not a number',
      [{ lag: '' }],
      { kind: 'broken', detail: 'both threads run, the lag is unknown' },
    ],
    [
      'one lost source of several is named',
      [{ name: 'eu' }, { name: 'us', ...cutOff }],
      { kind: 'source-lost', detail: "us: the receiver is not connected (Connecting): Can't connect" },
    ],
    [
      'one broken source of several counts more than a lost one',
      [
        { name: 'eu', ...cutOff },
        { name: 'us', ...stopped },
      ],
      { kind: 'broken', detail: 'us: the applier is stopped: Duplicate entry' },
    ],
  ])('%s', (_title, connections, expected) => {
    expect(read(...connections)).toEqual(expected);
  });

  it('a server without a source is no replica', () => {
    expect(read()).toMatchObject({
      kind: 'broken',
      detail: expect.stringContaining('not a replica') as string,
    });
  });

  it('a status without the columns is broken, not fine', () => {
    expect(dialect.readStatus([{ Variable_name: 'x' }])).toEqual({
      kind: 'broken',
      detail: 'the replication status lacks columns',
    });
  });
}
