import { fullRun } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FreshSlots } from '../testing/fresh-slots.js';
import { MovingWorld } from '../testing/moving-world.js';
import { type Incident, KilledCoordinator } from '../testing/killed-coordinator.js';
import { WriteOracle } from '../testing/write-oracle.js';

/** In `npm test` one in the middle. */
const QUICK = 43;

type Outcome = 'purged' | 'aborted';

let world: MovingWorld;
let oracle: WriteOracle;
let slots: FreshSlots;

beforeAll(async () => {
  world = await MovingWorld.start();
  slots = new FreshSlots(world, fullRun ? 6_000 : 600);
  oracle = new WriteOracle(world, slots.keys);
  await oracle.fill();
  await world.announceReceiver();
}, 60_000);
afterAll(() => world.stop());

/** One migration whose first coordinator meets with the incident, while keys are written; a second one ends it. */
async function run(
  outcome: Outcome,
  incident: Incident | undefined,
  which: number,
): Promise<KilledCoordinator> {
  const { id, batches, keys } = await slots.begin();
  const tasks = world.tasks(1);
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
    { timeout: 3_600_000 },
    async (incident) => {
      const commits = fullRun ? (await run(outcome, undefined, 0)).commits : QUICK;
      expect(commits).toBeGreaterThan(30);
      for (let which = fullRun ? 1 : QUICK; which <= commits; which += 1)
        expect((await run(outcome, incident, which)).at).toBeDefined();
    },
  );
});
