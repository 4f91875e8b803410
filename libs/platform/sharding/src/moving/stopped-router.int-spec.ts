import { eventually, ForkedProcess } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FreshSlots } from '../testing/fresh-slots.js';
import type { MovingOrder, MovingReport } from '../testing/moving.process.js';
import { MovingWorld, RECEIVER } from '../testing/moving-world.js';
import { WriteOracle } from '../testing/write-oracle.js';

const script = new URL('../testing/moving.runner.mjs', import.meta.url);

let world: MovingWorld;
let slots: FreshSlots;

beforeAll(async () => {
  world = await MovingWorld.start();
  slots = new FreshSlots(world, 600);
  await new WriteOracle(world, slots.keys).fill();
  await world.announceReceiver();
}, 60_000);
afterAll(() => world.stop());

/** The member's names by the shards that have it. */
async function namesOf(key: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [shard, rows] of await world.rowsOf('member'))
    for (const row of rows) if (String(row['id']) === key) found[shard] = String(row['name']);
  return found;
}

/** A migration up to its end, and a process with the topology of before it that is told to write one of its keys. */
async function prepare(how: Extract<MovingOrder, { order: 'write' }>['how']) {
  const router = await ForkedProcess.start<MovingReport>(script, world.ofProcess);
  const { id, batches, keys } = await slots.begin();
  const [key] = keys as [string];
  const order: MovingOrder = { order: 'write', key, name: 'late', how };
  const move = () =>
    eventually(
      async () => {
        await world.runner({}, { tasks: world.tasks(1) }).runOnce();
        return (await world.tasks().get(id)).state === 'purged';
      },
      { deadlineMs: 120_000 },
    );
  return { router, id, batches, key, order, move };
}

describe('a process that is stopped from before the capture until after the hand-off', () => {
  it('writes to the new owner when it goes on', async () => {
    const { router, batches, key, order, move } = await prepare('fenced');
    router.pause();
    router.say(order);
    await move();
    router.resume();
    await router.told('written');
    expect(await namesOf(key)).toEqual({ [RECEIVER]: 'late' });
    expect(await world.fencesOf(batches)).toBe('moved');
    await router.crash();
  });

  it('loses its write when it asks no fence', async () => {
    const { router, key, order, move } = await prepare('unfenced');
    router.pause();
    router.say(order);
    await move();
    router.resume();
    await router.told('written');
    expect(await namesOf(key)).toEqual({ [RECEIVER]: '1' });
    await router.crash();
  });

  it('in the middle of its write holds the migration up, and is in the copy', async () => {
    const { router, id, key, order, move } = await prepare('stopped');
    router.say(order);
    await router.told('struck');
    const moving = move();
    await eventually(async () => (await world.tasks().get(id)).error !== null);
    expect((await world.tasks().get(id)).state).toBe('planned');
    router.resume();
    await router.told('written');
    await moving;
    expect(await namesOf(key)).toEqual({ [RECEIVER]: 'late' });
    await router.crash();
  });
});
