import { describe, expect, it } from 'vitest';
import { dialectOf } from '../engine/dialect-of.js';
import type { ReplicationStatus } from '../engine/replication.dialect.js';
import type { NodePool } from '../pool/node.pool.js';
import type { Heartbeat } from './heartbeat.js';
import { ReplicaProbe } from './replica.probe.js';

/** What the heartbeat says of a replica whose row is of moment 7. */
function heartbeat({ silent, lagMs }: { silent: boolean; lagMs: number }) {
  const seen: number[] = [];
  const known = {
    isSilent: silent,
    now: () => 0,
    answeredForMs: () => 0,
    saw: (writtenMs: number) => seen.push(writtenMs),
    lagOf: () => lagMs,
  } as unknown as Heartbeat;
  return { known, seen };
}

/** Has one row for every question. */
function answering(): NodePool {
  const query = (_sql: string, _values: unknown[], answer: (error: null, rows: unknown[]) => void) =>
    answer(null, [{ position: '0-1-5', written_ms: 7 }]);
  return {
    acquire: (_request: unknown, callback: (error: null, connection: unknown) => void) =>
      callback(null, { query, release: () => {} }),
  } as unknown as NodePool;
}

function probeOf(status?: ReplicationStatus) {
  const pool = answering();
  const dialect = { ...dialectOf('mariadb'), readStatus: () => status! };
  return new ReplicaProbe({ data: pool, status: status && pool }, dialect, 500);
}

const replicating = (lagMs: number): ReplicationStatus => ({ kind: 'replicating', lagMs });

describe('the lag that a probe finds', () => {
  it.each<[string, boolean, ReplicationStatus | undefined, number]>([
    ['is the heartbeat alone while the primary answers', false, replicating(55_000), 200],
    ['is the greater of both while the primary is silent', true, replicating(55_000), 55_000],
    ['…also when that is the heartbeat', true, replicating(0), 200],
    [
      '…and the heartbeat when the replica has lost its source',
      true,
      { kind: 'source-lost', detail: '' },
      200,
    ],
    ['…or no account may ask', true, undefined, 200],
  ])('%s', async (_title, silent, status, lagMs) => {
    const { known } = heartbeat({ silent, lagMs: 200 });
    expect(await probeOf(status).run(known)).toEqual({ result: { lagMs }, position: '0-1-5' });
  });
});

it('a claim that grows faster than time passes, as after an outage, counts as far as time has passed', async () => {
  const claims = [0, 60_000, 61_000, 0, 60_000, 66_000];
  const moments = [0, 20, 1_020, 2_000, 2_020, 8_020];
  const dialect = { ...dialectOf('mariadb'), readStatus: () => replicating(claims[at]!) };
  const { known } = heartbeat({ silent: true, lagMs: 0 });
  const pool = answering();
  const probe = new ReplicaProbe({ data: pool, status: pool }, dialect, 500);
  const lags: unknown[] = [];
  let at = 0;
  for (; at < claims.length; at += 1)
    lags.push((await probe.run({ ...known, now: () => moments[at]! } as Heartbeat)).result);
  expect(lags).toEqual([0, 20, 1_020, 0, 20, 6_020].map((lagMs) => ({ lagMs })));
});

it('a probe tells the heartbeat which row the replica has', async () => {
  const { known, seen } = heartbeat({ silent: false, lagMs: 0 });
  await probeOf().run(known);
  expect(seen).toEqual([7]);
});
