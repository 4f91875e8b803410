import { fullRun } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HashRing } from '../ring/hash-ring.js';
import { slotOf } from '../ring/slot.js';
import { DONORS, MovingWorld, RECEIVER } from '../testing/moving-world.js';
import { type Incident, KilledCoordinator } from '../testing/killed-coordinator.js';
import { WriteOracle } from '../testing/write-oracle.js';
import type { MoveBatch } from './migration-plan.js';
import { TaskStore } from './task.store.js';

/** In `npm test` one in the middle. */
const QUICK = 43;

type Outcome = 'purged' | 'aborted';

let world: MovingWorld;
let oracle: WriteOracle;
/** Slots that the third shard would get and that have keys. */
let slots: [slot: number, keys: string[]][];

beforeAll(async () => {
  world = await MovingWorld.start();
  const keys = Array.from({ length: fullRun ? 6_000 : 600 }, (_, index) => String(index + 1));
  const { moves } = new HashRing(world.topology.topology).plan({ kind: 'add', shard: RECEIVER, weight: 1 });
  const moving = (slot: number) => moves.some(({ from, to }) => slot >= from && slot <= to);
  slots = [...Map.groupBy(keys, slotOf)].filter(([slot]) => moving(slot));
  oracle = new WriteOracle(
    world,
    slots.flatMap(([, own]) => own),
  );
  await oracle.fill();
  await world.announceReceiver();
}, 60_000);
afterAll(() => world.stop());

/** Two slots, one of each donor, that no case has had, and their keys. */
function fresh(): { batches: MoveBatch[]; keys: string[] } {
  const { ring } = world.topology;
  const taken = DONORS.map((donor) => {
    const at = slots.findIndex(([slot]) => ring.ownerOf(slot) === donor);
    return { donor, entry: slots.splice(at, 1)[0]! };
  });
  return {
    batches: taken.map(({ donor, entry: [slot] }) => ({ from: slot, to: slot, donor, receiver: RECEIVER })),
    keys: taken.flatMap(({ entry: [, own] }) => own),
  };
}

/** One migration whose first coordinator meets with the incident, while keys are written; a second one ends it. */
async function run(
  outcome: Outcome,
  incident: Incident | undefined,
  which: number,
): Promise<KilledCoordinator> {
  const { batches, keys } = fresh();
  const plan = { batches };
  const tasks = new TaskStore(world.main, 1);
  const { id } = await tasks.create({ kind: 'rebalance', shard: null, plan, rowsTotal: 0 });
  const killed = new KilledCoordinator(incident, which, async (state) => {
    await oracle.changeAll(keys);
    if (state === 'reverse' && outcome === 'aborted') await tasks.want(id, 'abort');
  });
  const { around } = killed;
  const first = world.runner({}, { tasks: around(tasks), around });
  const running = first.runOnce().catch((error: unknown) => error);
  await Promise.race([killed.happens, running]);
  // The slots may have no owner that writes until another coordinator has come.
  const writing = oracle.changeAll(keys);
  const second = new KilledCoordinator(undefined, 0, async (state) => {
    if (state === 'reverse' && outcome === 'aborted') await tasks.want(id, 'abort');
  });
  await world.runner({}, { tasks: second.around(tasks) }).runOnce();
  await writing;
  killed.resume();
  await running;
  const context = `${incident} ${killed.at} (${which})`;
  expect([context, (await tasks.get(id)).state]).toEqual([context, outcome]);
  expect([context, await world.fencesOf(batches)]).toEqual([
    context,
    outcome === 'purged' ? 'moved' : 'back',
  ]);
  expect([context, await oracle.judge(keys)]).toEqual([
    context,
    { lost: [], doubled: [], stale: [], failed: [] },
  ]);
  return killed;
}

describe.each<Outcome>(['purged', 'aborted'])('a migration that is %s', (outcome) => {
  it.each<Incident>(['killed before', 'killed after', 'paused before'])(
    'ends although its coordinator is %s any of its commits',
    { timeout: 600_000 },
    async (incident) => {
      const commits = fullRun ? (await run(outcome, undefined, 0)).commits : QUICK;
      expect(commits).toBeGreaterThan(30);
      for (let which = fullRun ? 1 : QUICK; which <= commits; which += 1)
        expect((await run(outcome, incident, which)).at).toBeDefined();
    },
  );
});
