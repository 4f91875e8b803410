import { eventually } from '@fourfold-tools/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WatchedPlatform } from './watched.platform.js';

const TOO_MANY = 10_001;
/** Bounds that a faster clock does not bring nearer: a lag of 10 s, and a heartbeat that counts for 15 s. */
const LAG_MS = 10_000;
const HEARTBEAT_TTL_MS = 15_000;
/** After so long Prometheus sends an alert again that Alertmanager did not take, as while it starts. */
const RESEND_MS = 60_000;
const patient = { deadlineMs: 90_000, everyMs: 500 };

let watched: WatchedPlatform;

/** Within its range and its `for`. @param figureMs until the figure that it compares is beyond its bound */
const fires = (alert: string, labels: Record<string, string> = {}, figureMs = 0) =>
  eventually(
    async () =>
      expect(await watched.firing(alert), alert).toContainEqual(
        expect.objectContaining({ alertname: alert, ...labels }),
      ),
    { ...patient, deadlineMs: watched.firesWithinMs(alert) + figureMs },
  );
const resolves = (alert: string) =>
  eventually(async () => expect(await watched.firing(alert)).toEqual([]), patient);

beforeAll(async () => {
  watched = await WatchedPlatform.start();
}, 180_000);
afterAll(() => watched?.stop());
beforeEach(() => fires('Watchdog', {}, RESEND_MS));

describe('what Prometheus and Alertmanager say of a platform', () => {
  it('whose replica applies nothing: its lag, and no read goes there until it does again', async () => {
    const readsOf = async (target: string) => {
      const [reads] = await watched.query(`sum(rate(db_route_total{target="${target}"}[5s]))`);
      return reads?.value ?? 0;
    };
    await eventually(async () => (await readsOf('replica-1')) > 0, patient);
    await watched.onServer('replica-1', 'STOP SLAVE SQL_THREAD');
    await fires('ReplicaLagHigh', { node: 'replica-1' }, LAG_MS);
    await eventually(async () => (await readsOf('replica-1')) === 0, patient);
    expect(await readsOf('replica-2')).toBeGreaterThan(0);
    await watched.onServer('replica-1', 'START SLAVE SQL_THREAD');
    await resolves('ReplicaLagHigh');
    await eventually(async () => (await readsOf('replica-1')) > 0, patient);
  });

  it('that has no worker, and over 10,000 jobs: KEDA is told one number that asks for more', async () => {
    await watched.platform.worker.stop();
    const queue = await watched.pourIn('inventory', TOO_MANY);
    await Promise.all([
      fires('QueueLong', { queue: 'inventory' }),
      fires('WorkerAbsent'),
      fires('TargetDown', { job: 'worker' }),
      fires('QueueWithoutWorker', { queue: 'inventory' }, HEARTBEAT_TTL_MS),
    ]);
    const { query, threshold, least } = watched.scaler();
    const answer = await watched.query(query);
    expect(answer).toEqual([{ metric: {}, value: TOO_MANY }]);
    expect(Math.ceil(TOO_MANY / threshold)).toBeGreaterThan(least);
    await queue.obliterate({ force: true });
    await queue.close();
    await watched.platform.worker.start();
    await Promise.all(['QueueLong', 'WorkerAbsent', 'TargetDown', 'QueueWithoutWorker'].map(resolves));
  });

  it('whose cache is empty: a low hit ratio, until the warm-up that Alertmanager asks for has run', async () => {
    const warmUps = async () => {
      const [series] = await watched.query(
        'sum(cache_warmed_keys_total{source="recent-users",outcome="loaded"})',
      );
      return series?.value ?? 0;
    };
    await resolves('CacheHitRatioLow');
    const before = await warmUps();
    await watched.emptyCache();
    await fires('CacheHitRatioLow', { reaction: 'warm-cache' });
    await eventually(async () => (await warmUps()) > before, patient);
    await resolves('CacheHitRatioLow');
  });

  it('one of whose shards is gone: that shard’s breaker and its errors, until it is back', async () => {
    await watched.own.stack.kill('shard-1');
    await Promise.all([
      fires('ShardBreakerOpen', { shard: 'shard-1' }),
      fires('ShardErrorsHigh', { shard: 'shard-1' }),
    ]);
    expect((await watched.firing('ShardErrorsHigh')).map(({ shard }) => shard)).toEqual(['shard-1']);
    await watched.own.stack.start('shard-1');
    await Promise.all(['ShardBreakerOpen', 'ShardErrorsHigh'].map(resolves));
  });
});
