import { fullRun } from '@fourfold-tools/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MovingWorld, RECEIVER } from '../testing/moving-world.js';
import { KilledCoordinator } from '../testing/killed-coordinator.js';
import { WriteOracle } from '../testing/write-oracle.js';
import { MIGRATION_STATES, wayBack } from './migration-state.js';

let world: MovingWorld;
let oracle: WriteOracle;

beforeEach(async () => {
  world = await MovingWorld.start();
  // Doubles do not tell such keys apart.
  const keys = Array.from({ length: 600 }, (_, index) => String(900_719_925_474_099_200n + BigInt(index)));
  oracle = new WriteOracle(world, keys);
  await oracle.fill();
});
afterEach(async () => {
  await oracle.stop();
  await world.stop();
});

const BATCHES = 3;
const nothing = { lost: [], doubled: [], stale: [], failed: [] };

describe('adding a shard while keys are created, changed, deleted and read', { timeout: 240_000 }, () => {
  it('loses, doubles and hides nothing', async () => {
    const { id, plan, rowsTotal } = await world.begin(BATCHES);
    oracle.start();
    await world.runner().runOnce();
    await oracle.stop();
    const task = await world.tasks().get(id);
    expect(task).toMatchObject({ state: 'purged', mismatches: 0, error: null, handedOff: BATCHES });
    expect(task.rowsCopied).toBeGreaterThan(rowsTotal / 2);
    expect(await oracle.judge()).toEqual(nothing);
    expect(world.topology.ring.ownerOf(plan.batches[0]!.from)).toBe(RECEIVER);
    expect(world.topology.topology.migrations).toBeUndefined();
  });

  it('is rolled back after the last hand-off with all that was written on the new shard', async () => {
    const { id, plan } = await world.begin(BATCHES);
    const back = new KilledCoordinator(undefined, 0, async (state) => {
      if (state === 'reverse') await world.tasks().want(id, 'abort');
    });
    oracle.start();
    await world.runner({}, { tasks: back.around(world.tasks()) }).runOnce();
    await oracle.stop();
    expect((await world.tasks().get(id)).state).toBe('aborted');
    expect(await oracle.judge()).toEqual(nothing);
    expect(await world.fencesOf(plan.batches)).toBe('back');
    expect(world.topology.topology.shards.map(({ name }) => name)).not.toContain(RECEIVER);
  });

  it.each(
    fullRun
      ? MIGRATION_STATES.filter((state) => wayBack(state) !== undefined)
      : (['copy', 'frozen', 'handed-off'] as const),
  )('leaves donors whole and the new shard clean when aborted in %s', async (state) => {
    const { id, plan } = await world.begin(2);
    if (state === 'planned') await world.tasks().want(id, 'abort');
    const back = new KilledCoordinator(undefined, 0, async (entered) => {
      if (entered === state) await world.tasks().want(id, 'abort');
    });
    oracle.start(2);
    await world.runner({}, { tasks: back.around(world.tasks()) }).runOnce();
    await oracle.stop();
    expect((await world.tasks().get(id)).state).toBe('aborted');
    expect(await oracle.judge()).toEqual(nothing);
    expect(await world.fencesOf(plan.batches)).toBe('back');
    for (const table of ['member', 'address', 'visit'])
      expect((await world.rowsOf(table)).get(RECEIVER)).toEqual([]);
  });

  it('stands still while it is paused, and goes on', async () => {
    const { id } = await world.begin(2);
    await world.tasks().want(id, 'pause');
    await world.runner().runOnce();
    expect((await world.tasks().get(id)).state).toBe('planned');
    await world.tasks().want(id, 'run');
    await world.runner().runOnce();
    expect((await world.tasks().get(id)).state).toBe('purged');
  });
});
