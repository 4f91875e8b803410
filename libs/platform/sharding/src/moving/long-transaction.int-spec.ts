import { fullRun, gate } from '@fourfold-tools/testing';
import type { EntityManager } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { passFences } from '../fence/pass-fences.js';
import { slotOf } from '../ring/slot.js';
import { afterCall } from '../testing/after-call.js';
import { FreshSlots } from '../testing/fresh-slots.js';
import { MovingWorld } from '../testing/moving-world.js';
import { WriteOracle } from '../testing/write-oracle.js';
import type { MigrationState } from './migration-state.js';

const DEADLINE_MS = 120_000;
const FREEZE_MS = 1_000;
/** In the full run as long as a report that forgot its transaction. */
const HELD_MS = fullRun ? 30_000 : 1_000;

let world: MovingWorld;
let slots: FreshSlots;
let oracle: WriteOracle;

beforeAll(async () => {
  world = await MovingWorld.start();
  slots = new FreshSlots(world, 300);
  oracle = new WriteOracle(world, slots.keys);
  await oracle.fill();
  await world.announceReceiver();
});
afterAll(() => world.stop());

describe('a transaction that holds the fence of a slot for long', { timeout: 180_000 }, () => {
  it.each<MigrationState>(fullRun ? ['planned', 'frozen', 'reverse', 'aborting'] : ['planned', 'frozen'])(
    'and was there when a migration became %s, is tried again for, and holds no other write up meanwhile',
    async (state) => {
      const { id, batches, keys } = await slots.begin();
      const [own, others] = [0, 1].map((at) => keys.filter((key) => slotOf(key) === batches[at]!.from));
      const { donor, receiver } = batches[0]!;
      const shard = state === 'reverse' ? receiver : donor;
      const [holding, ends] = [gate(), gate()];
      let writing: Promise<void> | undefined;
      const hold = async () => {
        const work = async (manager: EntityManager) => {
          await passFences(manager, shard, [own![0]!]);
          holding.open();
          // It is no idle one, which a server may end.
          while (!ends.isOpen) await manager.query('DO SLEEP(0.05)');
        };
        writing = world.registry.transaction(shard, work, { deadlineMs: DEADLINE_MS });
        await holding.passed;
      };
      const tasks = afterCall('pass', ([, entered]) => entered === state, hold)(world.tasks());
      if (state === 'planned') await hold();
      const aborting = afterCall(
        'pass',
        ([, entered]) => entered === 'copy',
        () => world.tasks().want(id, 'abort'),
      );
      const parts = { tasks: state === 'aborting' ? aborting(tasks) : tasks };
      const moving = world.runner({ freezeMs: FREEZE_MS }, parts).runOnce();
      await holding.passed;
      const startedAt = performance.now();
      const longest = { own: 0, others: 0 };
      const timed = async (which: keyof typeof longest, some: readonly string[]) => {
        const calledAt = performance.now();
        await oracle.changeAll(some);
        longest[which] = Math.max(longest[which], performance.now() - calledAt);
      };
      for (
        let rounds = 0, failures = 0;
        rounds < 5 || failures === 0 || performance.now() - startedAt < HELD_MS;
        rounds += 1
      ) {
        if ((await world.tasks().get(id)).error !== null) failures += 1;
        await Promise.all([timed('own', own!), timed('others', others!)]);
      }
      ends.open();
      await Promise.all([moving, writing]);
      expect({ verdict: await oracle.judge(keys), fences: await world.fencesOf(batches) }).toEqual({
        verdict: { lost: [], doubled: [], stale: [], failed: [] },
        fences: state === 'aborting' ? 'back' : 'moved',
      });
      expect(longest.own - longest.others).toBeLessThan(4 * FREEZE_MS);
    },
  );
});
