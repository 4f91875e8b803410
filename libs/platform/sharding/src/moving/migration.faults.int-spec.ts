import { gate } from '@fourfold-tools/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { KilledCoordinator } from '../testing/killed-coordinator.js';
import { DONORS, MovingWorld, RECEIVER } from '../testing/moving-world.js';
import { WriteOracle } from '../testing/write-oracle.js';
import type { MigrationState } from './migration-state.js';
import type { MigrationTask } from './task.store.js';
import { typedTables } from './typed-tables.js';

let world: MovingWorld;
let oracle: WriteOracle;
const nothing = { lost: [], doubled: [], stale: [], failed: [] };

beforeAll(async () => {
  world = await MovingWorld.start();
  oracle = new WriteOracle(
    world,
    Array.from({ length: 300 }, (_, index) => String(index + 1)),
  );
  await oracle.fill();
});
afterAll(() => world.stop());

/** The first coordinator of a new migration, until it is over. */
async function run(
  options: Parameters<MovingWorld['runner']>[0] = {},
  onPass: (state: MigrationState, task: MigrationTask) => Promise<void> = async () => {},
): Promise<MigrationTask> {
  const task = await world.begin(2);
  const observed = new KilledCoordinator(undefined, 0, (state) => onPass(state, task));
  await world.runner(options, { tasks: observed.around(world.tasks()) }).runOnce();
  return world.tasks().get(task.id);
}

const onAll = async (statement: string) => {
  for (const root of world.roots.values()) await root.query(statement);
};

describe('a migration that fails', { timeout: 120_000 }, () => {
  it('before the announcement is over at once when it is aborted, though its receiver is unknown', async () => {
    const { plan, rowsTotal } = await world.plan(1);
    const batches = plan.batches.map((batch) => ({ ...batch, receiver: 'shard-9' }));
    const add = { kind: 'add' as const, shard: 'shard-9', rowsTotal };
    const { id } = await world.tasks().create({ ...add, plan: { weight: 1, batches } });
    const tasks = world.tasks();
    const observed = Object.assign(Object.create(tasks) as typeof tasks, {
      note: async (...noted: Parameters<typeof tasks.note>) => {
        await tasks.note(...noted);
        await tasks.want(id, 'abort');
      },
    });
    await world.runner({}, { tasks: observed }).runOnce();
    expect(await tasks.get(id)).toMatchObject({ state: 'aborted' });
    expect(world.topology.topology.shards.map(({ name }) => name)).toEqual([...DONORS]);
    expect(world.topology.topology.migrations).toBeUndefined();
  });

  it('is taken back when its receiver has not answered for as long as it may', async () => {
    const { plan, rowsTotal } = await world.plan(1);
    const batches = plan.batches.map((batch) => ({ ...batch, receiver: 'shard-9' }));
    const add = { kind: 'add' as const, shard: 'shard-9', rowsTotal };
    const { id } = await world.tasks().create({ ...add, plan: { weight: 1, batches } });
    await world.runner({ patienceMs: 300 }).runOnce();
    const { state, error } = await world.tasks().get(id);
    expect({ state, error }).toEqual({ state: 'aborted', error: expect.stringMatching(/^shard-9/) });
    expect(world.topology.topology.shards.map(({ name }) => name)).toEqual([...DONORS]);
  });

  it('ends without a receiver that was to come and is lost, and says so', async () => {
    const { plan, rowsTotal } = await world.plan(2);
    const batches = plan.batches.map((batch) => ({ ...batch, receiver: 'shard-9' }));
    const add = { kind: 'add' as const, shard: 'shard-9', rowsTotal };
    const { id } = await world.tasks().create({ ...add, plan: { weight: 1, batches } });
    await world.main.query("UPDATE ring_task SET state = 'aborting' WHERE id = ?", [id]);
    await world.runner({ cleaningAttempts: 3 }).runOnce();
    const { state, error } = await world.tasks().get(id);
    expect({ state, error }).toEqual({
      state: 'aborted',
      error: expect.stringMatching(/shard-9 did not answer and was not cleaned/),
    });
  });

  it('on its way back copies anew what differs on the donor', async () => {
    const { state, mismatches } = await run({ reverseMs: 60_000 }, async (entered, { id, plan }) => {
      if (entered !== 'reverse') return;
      const [{ from, to, donor }] = plan.batches as [(typeof plan.batches)[0]];
      const spoil = "UPDATE member SET name = 'spoiled' WHERE slot BETWEEN ? AND ?";
      await world.roots.get(donor)!.query(spoil, [from, to]);
      await world.tasks().want(id, 'abort');
    });
    expect({ state, differed: mismatches > 0 }).toEqual({ state: 'aborted', differed: true });
    expect(await oracle.judge()).toEqual(nothing);
  });
});

describe('columns that no entity has', { timeout: 120_000 }, () => {
  afterEach(() => onAll('ALTER TABLE member DROP COLUMN IF EXISTS nick'));
  const ADD = 'ALTER TABLE member ADD COLUMN nick VARCHAR(20) NOT NULL DEFAULT ';

  it('take a migration back before anything is copied', async () => {
    await onAll(`${ADD} 'kept'`);
    const { state, error } = await run();
    expect({ state, error }).toEqual({
      state: 'aborted',
      error: expect.stringMatching(/member\.nick, which this release does not know/),
    });
  });

  it('take it back when they come before the first hand-off, and keep their values', async () => {
    const { state, handedOff, error } = await run({}, async (entered) => {
      if (entered === 'verify') await onAll(`${ADD} 'kept'`);
    });
    expect({ state, handedOff, error }).toEqual({
      ...{ state: 'aborted', handedOff: 0 },
      error: expect.stringMatching(/member\.nick/),
    });
    const rows = await world.rowsOf('member');
    for (const donor of DONORS)
      expect(new Set(rows.get(donor)!.map((row) => row['nick']))).toEqual(new Set(['kept']));
  });

  it('are no obstacle where the server sets them, and a second unique index is one', async () => {
    await onAll('ALTER TABLE member ADD COLUMN nick INT AS (1) VIRTUAL');
    const shards = [...DONORS, RECEIVER];
    await expect(typedTables(world.registry, shards)).resolves.toHaveLength(3);
    await onAll('ALTER TABLE visit ADD UNIQUE KEY visit_place (place, id, member_id)');
    await expect(typedTables(world.registry, shards)).rejects.toThrow(/visit_place/);
    await onAll('ALTER TABLE visit DROP KEY visit_place');
  });
});

describe('a freeze that takes too long', { timeout: 240_000 }, () => {
  it('is tried again, more and more rarely, which the status says, until it succeeds', async () => {
    const task = await world.begin(1);
    const [{ from, donor }] = task.plan.batches as [(typeof task.plan.batches)[0]];
    const ended = gate();
    let writing: Promise<unknown> = Promise.resolve();
    const errors: string[] = [];
    const tasks = new KilledCoordinator(undefined, 0, async (state) => {
      if (state === 'reverse') await world.tasks().want(task.id, 'abort');
      if (state !== 'frozen') return;
      const held = gate();
      // As a write has it that holds its fence for long.
      writing = world.registry.transaction(
        donor,
        async (manager) => {
          await manager.query('SELECT slot FROM ring_fence WHERE slot = ? LOCK IN SHARE MODE', [from]);
          held.open();
          await ended.passed;
        },
        { deadlineMs: 60_000 },
      );
      await held.passed;
    }).around(world.tasks());
    const noting = Object.assign(Object.create(tasks) as typeof tasks, {
      note: async (...[of, progress]: Parameters<typeof tasks.note>) => {
        if (progress.error) errors.push(progress.error);
        if (errors.length === 3) ended.open();
        await tasks.note(of, progress);
      },
    });
    await world.runner({ freezeMs: 300, reverseMs: 60_000 }, { tasks: noting }).runOnce();
    await writing;
    expect(await world.tasks().get(task.id)).toMatchObject({ state: 'aborted', handedOff: 1 });
    for (const [index, error] of errors.slice(0, 3).entries())
      expect(error).toMatch(new RegExp(`tried ${index + 1}×, again in [\\d.]+ s`));
  });
});

describe('a migration takes its time', { timeout: 120_000 }, () => {
  it('before the copy and before the purge, also of a plan that has waited for its coordinator', async () => {
    const at = new Map<MigrationState, number>();
    const task = await world.begin(1);
    await world.main.query('UPDATE ring_task SET state_since = state_since - INTERVAL 1 DAY WHERE id = ?', [
      task.id,
    ]);
    const observed = new KilledCoordinator(undefined, 0, async (state) => {
      at.set(state, performance.now());
    });
    const tasks = observed.around(world.tasks());
    await world.runner({ announceMs: 600, reverseMs: 600 }, { tasks }).runOnce();
    expect((await tasks.get(task.id)).state).toBe('purged');
    const [copied, reversed] = [
      at.get('catch-up')! - at.get('copy')!,
      at.get('purging')! - at.get('reverse')!,
    ];
    // Between the server's note of the state and the time taken here there may be a little.
    expect({ copied: copied > 400, reversed: reversed > 400 }).toEqual({ copied: true, reversed: true });
  });
});
