import { eventually } from '@fourfold-tools/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ShardRegistry } from '../routing/shard.registry.js';
import { MovingWorld, RECEIVER } from '../testing/moving-world.js';
import { WriteOracle } from '../testing/write-oracle.js';

let world: MovingWorld;
let oracle: WriteOracle;
let lagMs: number;

beforeEach(async () => {
  world = await MovingWorld.start();
  oracle = new WriteOracle(
    world,
    Array.from({ length: 600 }, (_, index) => String(index + 1)),
  );
  await oracle.fill();
  lagMs = 0;
});
afterEach(() => world.stop());

/** As the real one, but for how far it says that the receiver's replicas are behind. */
function registry(): ShardRegistry {
  return new Proxy(world.registry, {
    get(target, name) {
      if (name === 'replicaLagOf') return (shard: string) => (shard === RECEIVER ? lagMs : undefined);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/** Rows on the receiver. */
async function copied(): Promise<number> {
  const tables = await Promise.all(['member', 'address', 'visit'].map((table) => world.rowsOf(table)));
  return tables.reduce((sum, rows) => sum + rows.get(RECEIVER)!.length, 0);
}

describe('a migration whose receiver has replicas that are behind', { timeout: 60_000 }, () => {
  it('copies nothing, says what it waits for, and goes on when they have caught up', async () => {
    const { id } = await world.begin(3);
    lagMs = 2_001;
    const running = world.runner({}, { registry: registry() }).runOnce();
    await eventually(async () =>
      expect(await world.tasks().get(id)).toMatchObject({
        state: 'copy',
        error: 'shard-2: its replicas are behind (2001 ms, and 2000 ms are allowed)',
      }),
    );
    expect(await copied()).toBe(0);
    lagMs = 2_000;
    await running;
    expect(await world.tasks().get(id)).toMatchObject({ state: 'purged', error: null });
    expect(await copied()).toBeGreaterThan(0);
  });

  it('is paused and taken back while it waits', async () => {
    const { id } = await world.begin(2);
    lagMs = 60_000;
    const waits = () =>
      eventually(async () => expect((await world.tasks().get(id)).error).toMatch(/replicas are behind/));
    const paused = world.runner({}, { registry: registry() }).runOnce();
    await waits();
    await world.tasks().want(id, 'pause');
    await paused;
    expect(await world.tasks().get(id)).toMatchObject({ state: 'copy', wanted: 'pause' });
    await world.tasks().want(id, 'run');
    const takenBack = world.runner({}, { registry: registry() }).runOnce();
    await waits();
    await world.tasks().want(id, 'abort');
    // What was copied is deleted, for which replicas are waited for again.
    await eventually(async () => expect((await world.tasks().get(id)).state).toBe('aborting'));
    lagMs = 0;
    await takenBack;
    expect(await world.tasks().get(id)).toMatchObject({ state: 'aborted' });
    expect(await copied()).toBe(0);
  });
});
