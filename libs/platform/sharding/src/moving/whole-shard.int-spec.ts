import { eventually } from '@fourfold-tools/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { MovingWorld } from '../testing/moving-world.js';
import { type Work, WriteOracle } from '../testing/write-oracle.js';
import { RowMover } from './row.mover.js';
import type { RunnerParts } from './migration.runner.js';

const EACH_FILL = 10_000;
/** The default, which a machine keeps to whose calls take no longer. */
const FREEZE_MS = 100;

let world: MovingWorld;
let oracle: WriteOracle;

afterEach(async () => {
  await oracle.stop();
  await world.stop();
});

/**
 * A write as a platform without fences has it: where the topology says, and while the slot moves on the other shard too,
 * whatever becomes of that.
 */
async function writeToBoth(key: string, work: Work): Promise<void> {
  const { slot, shard } = world.topology.ring.locate(key);
  const moving = world.topology.topology.migrations?.find(({ from, to }) => slot >= from && slot <= to);
  await world.registry.transaction(shard, work);
  if (moving === undefined) return;
  const other = shard === moving.donor ? moving.receiver : moving.donor;
  await world.registry.transaction(other, work).catch(() => undefined);
}

/** Nothing is compared before a slot is handed off. */
const uncompared: NonNullable<RunnerParts['around']> = (part) =>
  part instanceof RowMover ? Object.assign(Object.create(part), { differences: async () => [] }) : part;

/** @returns p99 in ms of so many calls from now on */
async function p99(calls = 1_000): Promise<number> {
  oracle.latencies.length = 0;
  await eventually(() => oracle.latencies.length >= calls, { deadlineMs: 300_000 });
  return quantile();
}

function quantile(): number {
  const sorted = oracle.latencies.splice(0).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)]!;
}

interface Move {
  users: number;
  donors?: number;
  write?: typeof writeToBoth;
  around?: RunnerParts['around'];
}

async function move({ users, donors, write, around }: Move) {
  world = await MovingWorld.start(donors);
  const keys = Array.from({ length: users }, (_, index) => String(900_719_925_474_099_200n + BigInt(index)));
  for (let at = 0; at < keys.length; at += EACH_FILL)
    await new WriteOracle(world, keys.slice(at, at + EACH_FILL)).fill();
  oracle = new WriteOracle(world, keys, 1, write);
  oracle.assume(1);
  const { id, rowsTotal } = await world.begin();
  oracle.start();
  // The first calls make their connections.
  await p99(200);
  const before = await p99();
  // On one that is busy with other work, calls wait as long anyway.
  const freezeMs = Math.max(FREEZE_MS, 4 * before);
  const startedAt = performance.now();
  await world.runner({ freezeMs }, around ? { around } : {}).runOnce();
  const tookMs = Math.round(performance.now() - startedAt);
  const calls = oracle.latencies.length;
  const during = quantile();
  const after = await p99();
  await oracle.stop();
  const task = await world.tasks().get(id);
  const verdict = await oracle.judge();
  const { longestFreezeMs, mismatches } = task;
  const times = { tookMs, before, during, after, freezeMs, longestFreezeMs };
  const figures = { rowsTotal, calls, mismatches, ...times };
  return { task, verdict, figures };
}

describe('adding a whole shard', { timeout: 1_800_000 }, () => {
  it('to four, of 200,000 users, loses, doubles and hides nothing, and slows no call much', async () => {
    const { task, verdict, figures } = await move({ users: 200_000, donors: 4 });
    console.info(JSON.stringify(figures));
    expect(task).toMatchObject({ state: 'purged', mismatches: 0 });
    expect(verdict).toEqual({ lost: [], doubled: [], stale: [], failed: [] });
    const owned = [...world.topology.ring.ownership().values()];
    expect(Math.max(...owned) / Math.min(...owned)).toBeLessThan(1.01);
    expect(world.topology.ring.shards).toContain(world.receiver);
    // Whatever else the machine did is in the calls before or in those after.
    expect(figures.during).toBeLessThanOrEqual(2 * Math.max(figures.before, figures.after));
    // The new owner is told after the budget has ended.
    expect(figures.longestFreezeMs).toBeLessThanOrEqual(2 * figures.freezeMs);
  });

  it('naive: loses rows or brings them back where writes go to both shards without fences', async () => {
    const { verdict } = await move({ users: 2_000, write: writeToBoth, around: uncompared });
    const { lost, stale, doubled } = verdict;
    expect(lost.length + stale.length + doubled.length).toBeGreaterThan(0);
  });
});
