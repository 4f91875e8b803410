import { eventually } from '@fourfold-tools/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { MovingWorld, RECEIVER } from '../testing/moving-world.js';
import { type Work, WriteOracle } from '../testing/write-oracle.js';

const EACH_FILL = 10_000;

let world: MovingWorld;
let oracle: WriteOracle;

afterEach(async () => {
  await oracle.stop();
  await world.stop();
});

/** A write as it was before there were fences: where the topology says, without a lock and without a log. */
const unfenced = (key: string, work: Work) =>
  world.registry.transaction(world.topology.ring.locate(key).shard, work).then(() => undefined);

/** @returns p99 in ms of the calls since the last time */
function p99(): number {
  const sorted = oracle.latencies.splice(0).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)]!;
}

async function move(users: number, write?: typeof unfenced) {
  world = await MovingWorld.start();
  const keys = Array.from({ length: users }, (_, index) => String(900_719_925_474_099_200n + BigInt(index)));
  for (let at = 0; at < keys.length; at += EACH_FILL)
    await new WriteOracle(world, keys.slice(at, at + EACH_FILL)).fill();
  oracle = new WriteOracle(world, keys, 1, write);
  oracle.assume(1);
  const { id, rowsTotal } = await world.begin();
  oracle.start();
  // So many that their p99 is not that of the first connections.
  await eventually(() => oracle.latencies.length >= 1_000, { deadlineMs: 60_000 });
  const before = p99();
  const startedAt = performance.now();
  await world.runner({ freezeMs: 100 }).runOnce();
  const tookMs = performance.now() - startedAt;
  const during = p99();
  await oracle.stop();
  const task = await world.tasks().get(id);
  const verdict = await oracle.judge();
  const figures = { rowsTotal, tookMs, before, during, freeze: task.longestFreezeMs };
  return { task, verdict, figures };
}

describe('adding a whole shard', { timeout: 900_000 }, () => {
  it('of 200,000 users loses, doubles and hides nothing', async () => {
    const { task, verdict, figures } = await move(200_000);
    expect(task).toMatchObject({ state: 'purged', mismatches: 0 });
    expect({ verdict, figures }).toEqual({
      verdict: { lost: [], doubled: [], stale: [], failed: [] },
      figures,
    });
    const owned = [...world.topology.ring.ownership().values()];
    expect(Math.max(...owned) / Math.min(...owned)).toBeLessThan(1.01);
    expect(world.topology.ring.shards).toContain(RECEIVER);
    console.info(figures);
  });

  it('loses or hides rows where writes pass no fences', async () => {
    const { verdict } = await move(2_000, unfenced);
    expect(verdict.lost.length + verdict.stale.length).toBeGreaterThan(0);
  });
});
