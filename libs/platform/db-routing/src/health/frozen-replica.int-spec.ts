import { eventually, fullRun, OpenLoop, percentile } from '@fourfold-tools/testing';
import { createPool } from 'mysql2/promise';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { OutageFixture, pathOf } from '../testing/outage.fixture.js';
import { Note, readers } from '../testing/routed-database.js';
import { HEALTH_DEFAULTS } from '../db-routing.options.js';

let fixture: OutageFixture;
beforeAll(async () => {
  fixture = await OutageFixture.start();
});
afterAll(() => fixture.dispose());
afterEach(() => fixture.cleanUp());

/** 500 reads a second. */
const load = { each: 20, everyMs: 40 };
/** What a percentile may be off by on a machine that does other things as well. */
const NOISE_MS = 50;

function freeze() {
  fixture.afterTest(() => fixture.servers.thaw('replica-1'));
  return fixture.servers.freeze('replica-1').then(() => performance.now());
}

describe('a replica that is stopped (SIGSTOP) under 500 reads a second', () => {
  it('costs no read an error, p99 is back to normal within 3 s, and it serves again by itself after SIGCONT', async () => {
    // Production's intervals and pool sizes.
    const { dataSource, transitions, inRotation } = await fixture.watch({
      options: { replicaConnections: 64, primaryConnections: 32 },
      monitor: { ...HEALTH_DEFAULTS, now: () => performance.now() },
    });
    const notes = dataSource.getRepository(Note);
    const reads = new OpenLoop(() => notes.find({ take: 1 }), load).start();
    await reads.run(2_000);
    const frozenMs = await freeze();
    await eventually(() => inRotation().join() === 'replica-2');
    const ejectedMs = performance.now();
    await reads.run(frozenMs + 6_000 - performance.now());
    const thawedMs = performance.now();
    fixture.servers.thaw('replica-1');
    await eventually(() => inRotation().length === 2, { deadlineMs: 15_000 });
    const returnedMs = performance.now();
    await reads.stop();

    const p99 = (fromMs: number, toMs: number) => percentile(reads.between(fromMs, toMs), 0.99);
    const before = p99(frozenMs - 1_500, frozenMs);
    const during = p99(frozenMs, frozenMs + 3_000);
    const after = p99(frozenMs + 3_000, frozenMs + 6_000);
    const all = reads.between(0);
    console.log({
      reads: all.length,
      p99: [before, during, after].map(Math.round),
      slowestMs: Math.round(Math.max(...all.map(({ tookMs }) => tookMs))),
      over100ms: all.filter(({ tookMs }) => tookMs > 100).length,
      ejectedAfterMs: Math.round(ejectedMs - frozenMs),
      backAfterThawMs: Math.round(returnedMs - thawedMs),
    });
    expect(reads.failed).toEqual([]);
    // Figures of time hold on a machine that does nothing else.
    if (fullRun) {
      expect(after).toBeLessThanOrEqual(3 * before + NOISE_MS);
      expect(ejectedMs - frozenMs).toBeLessThan(3_000);
    }
    expect(pathOf(transitions, 'replica-1')).toEqual([
      'healthy → suspect',
      'suspect → ejected',
      'ejected → probing',
      'probing → slow-start',
    ]);
    expect(pathOf(transitions, 'replica-2')).toEqual([]);
    expect(await readers(dataSource, 200)).toEqual([...fixture.ids.replicas].sort());
  });

  // It takes a load of its own, and shows only that the harness can fail: for the full run.
  if (fullRun)
    it('naive twin: two pools read by turns hang on the one that is stopped, 3 s after as in the beginning', async () => {
      const pools = fixture.database.readUrls.map((uri) => createPool({ uri, connectionLimit: 64 }));
      fixture.afterTest(() => Promise.allSettled(pools.map((pool) => pool.end())));
      let turn = 0;
      const reads = new OpenLoop(
        () => pools[(turn += 1) % 2]!.query('SELECT * FROM notes LIMIT 1'),
        load,
      ).start();
      await reads.run(1_000);
      const frozenMs = await freeze();
      await reads.run(4_000);
      const ended = reads.between(frozenMs + 3_000).length;
      fixture.servers.thaw('replica-1');
      await Promise.race([reads.stop(), pause(10_000)]);
      const begun = reads.between(frozenMs + 3_000).length;
      expect(ended).toBeLessThan(begun * 0.6);
    });
});
