import { eventually, ForkedProcess, fullRun } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Signalled } from '../testing/commit-signals.js';
import { FreshSlots } from '../testing/fresh-slots.js';
import type { MovingProcessOptions, MovingReport } from '../testing/moving.process.js';
import { MovingWorld } from '../testing/moving-world.js';
import { WriteOracle } from '../testing/write-oracle.js';

type Outcome = 'purged' | 'aborted';
type How = Signalled['how'];

const script = new URL('../testing/moving.runner.mjs', import.meta.url);
/** In `npm test` one in the middle of the first hand-off. */
const QUICK = { which: 2, in: 'frozen' as const };

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

const fork = (signal: Signalled) => {
  const options: MovingProcessOptions = { ...world.ofProcess, signal };
  return ForkedProcess.start<MovingReport>(script, options);
};

/**
 * One migration whose coordinator is a process that sends itself a signal, while keys are written; another coordinator
 * ends it, and one that was stopped goes on after that.
 * @returns at which commit; undefined when there were fewer
 */
async function run(outcome: Outcome, first: ForkedProcess<MovingReport>): Promise<string | undefined> {
  const { id, batches, keys } = await slots.begin();
  const tasks = world.tasks(1);
  let over = false;
  const writing = (async () => {
    while (!over) await oracle.changeAll(keys);
  })();
  const aborting = (async () => {
    while (outcome === 'aborted' && !over) {
      if ((await tasks.get(id)).state === 'reverse') await tasks.want(id, 'abort');
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  first.say({ order: 'coordinate' });
  const struck = await Promise.race([
    first.told('struck').catch(() => undefined),
    first.told('ended').then(() => undefined),
  ]);
  const reverseMs = outcome === 'aborted' ? 60_000 : 0;
  const second = world.runner({ reverseMs }, { tasks });
  await eventually(
    async () => {
      await second.runOnce();
      return (await tasks.get(id)).state === outcome;
    },
    { deadlineMs: 240_000 },
  );
  if (struck && !first.hasEnded) {
    first.resume();
    await Promise.race([first.told('ended'), first.told('failed')]);
  }
  await first.crash();
  over = true;
  await Promise.all([writing, aborting]);
  const context = struck?.at;
  expect([context, (await tasks.get(id)).state]).toEqual([context, outcome]);
  const fences = outcome === 'purged' ? 'moved' : 'back';
  expect([context, await world.fencesOf(batches)]).toEqual([context, fences]);
  expect([context, await oracle.judge(keys)]).toEqual([
    context,
    { lost: [], doubled: [], stale: [], failed: [] },
  ]);
  return context;
}

const cases = (['purged', 'aborted'] as const).flatMap((outcome) =>
  (['SIGKILL before', 'SIGKILL after', 'SIGSTOP before'] as const).map((how): [Outcome, How] => [
    outcome,
    how,
  ]),
);

describe('a migration whose coordinator is a process of its own', { timeout: 1_800_000 }, () => {
  it.each<[Outcome, How]>(
    fullRun
      ? cases
      : [
          ['purged', 'SIGKILL before'],
          ['purged', 'SIGSTOP before'],
        ],
  )('is %s although it gets a %s its commit', async (outcome, how) => {
    if (!fullRun) return expect(await run(outcome, await fork({ how, ...QUICK }))).toMatch(/^frozen/);
    const at: string[] = [];
    let next = fork({ how, which: 1 });
    for (let which = 1; ; which += 1) {
      const process = await next;
      next = fork({ how, which: which + 1 });
      const struck = await run(outcome, process);
      if (struck === undefined) break;
      at.push(struck);
    }
    await (await next).crash();
    const states = new Set(at.map((place) => place.split(',')[0]));
    expect([...states]).toEqual(
      expect.arrayContaining(['capture', 'copy', 'verify', 'frozen', 'handed-off']),
    );
    expect(at.length).toBeGreaterThan(30);
    return undefined;
  });
});
