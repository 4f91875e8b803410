import { BlackHole, FaultProxy, fullRun, type TestDatabase, testEngine } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ReplicaHealthMonitor } from './cluster/replica-health.monitor.js';
import type { DbRoutingOptions } from './db-routing.options.js';
import { NodePool } from './pool/node.pool.js';
import { ClosingApp } from './testing/closing-app.js';
import type { Situation } from './testing/closing.process.js';
import { routedApp, routedDatabase } from './testing/routed-database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await routedDatabase();
});
afterAll(() => database.drop());

/** A silent server has this long to answer the close of a connection (COM_QUIT); nothing else is waited for. */
const CLOSE_MS = 2_000;
/** An orchestrator waits for 10 s and more; in `npm test` other files have the machine as well. */
const PROMPT_MS = fullRun ? 3 * CLOSE_MS : 30_000;
/** What has no handle left ends at once; whatever repeats (a probe, a heartbeat, an idle check) would hold it for good. */
const EXIT_MS = fullRun ? 5_000 : 30_000;

async function start(situation: Situation, changes: Partial<DbRoutingOptions> = {}) {
  const options = {
    engine: testEngine,
    primaryUrl: database.appUrl,
    replicas: database.readUrls,
    ...changes,
  };
  const app = await ClosingApp.start(situation, options);
  onTestFinished(() => app.kill());
  return app;
}

async function proxyOf(url: string) {
  const proxy = await new FaultProxy(url).open();
  onTestFinished(() => proxy.close());
  return proxy;
}

async function closes(app: ClosingApp): Promise<string[]> {
  const { closedInMs, endedInMs, exitCode, outcomes } = await app.close();
  console.log({ closedInMs: Math.round(closedInMs), endedInMs: Math.round(endedInMs), outcomes });
  expect(closedInMs).toBeLessThan(PROMPT_MS);
  expect(endedInMs).toBeLessThan(EXIT_MS);
  // Not 0 if any rejection was left unhandled.
  expect(exitCode).toBe(0);
  return outcomes;
}

describe('an application that closes is prompt, refuses its waiting callers, and its process ends by itself', () => {
  it('when nothing is going on', async () => {
    expect(await closes(await start('idle'))).toEqual([]);
  });

  it('during a probe that its replica does not answer', async () => {
    const proxy = await proxyOf(database.readUrls[0]!);
    const app = await start('probe', { replicas: [proxy.url] });
    await proxy.freeze();
    expect(await closes(app)).toEqual([]);
  });

  it('during a wait for a position', async () => {
    expect(await closes(await start('position wait'))).toEqual(['database-unavailable']);
  });

  it('during a connect to a replica that neither succeeds nor fails', async () => {
    const hole = await BlackHole.open();
    onTestFinished(() => hole.close());
    const app = await start('connect to a replica', {
      replicas: [hole.urlLike(database.readUrls[0]!)],
      replicaConnections: 1,
    });
    expect(await closes(app)).toEqual(Array(3).fill('database-unavailable'));
  });

  it('during a connect to a primary that accepts and says nothing', async () => {
    const proxy = await proxyOf(database.appUrl);
    const app = await start('connect to the primary', { primaryUrl: proxy.url, replicas: [] });
    await proxy.freeze();
    const outcomes = await closes(app);
    // The first was sent already, by the connection that was open.
    expect(outcomes).toEqual(['connection lost', 'database-unavailable', 'database-unavailable']);
  });
});

it('heartbeats and probes end before the pools that they use, which would refuse them', async () => {
  const app = await routedApp(database);
  const stop = vi.spyOn(ReplicaHealthMonitor.prototype, 'stop');
  const end = vi.spyOn(NodePool.prototype, 'end');
  await app.close();
  expect(stop.mock.invocationCallOrder[0]).toBeLessThan(end.mock.invocationCallOrder[0]!);
  vi.restoreAllMocks();
});
