import { register } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KilledCoordinator } from '../testing/killed-coordinator.js';
import { MovingWorld, RECEIVER } from '../testing/moving-world.js';
import { WriteOracle } from '../testing/write-oracle.js';
import type { MigrationState } from './migration-state.js';
import { MigrationWatch } from './migration.watch.js';

let world: MovingWorld;
let oracle: WriteOracle;
const KEYS = Array.from({ length: 200 }, (_, index) => String(index + 1));
const watches: MigrationWatch[] = [];

beforeEach(async () => {
  world = await MovingWorld.start();
  oracle = new WriteOracle(world, KEYS);
  await oracle.fill();
});
afterEach(async () => {
  await Promise.all(watches.splice(0).map((watch) => watch.onApplicationShutdown()));
  await world.stop();
});

/** As a worker that has looked. */
async function watch(reverseMs = 600_000): Promise<MigrationWatch> {
  const looking = new MigrationWatch(world.main, world.registry, reverseMs);
  watches.push(looking);
  looking.onModuleInit();
  await looking.look();
  return looking;
}

/** `{label: value}` or the value alone, of each series. */
async function given(name: string): Promise<Record<string, number>> {
  const { values } = await register.getSingleMetric(name)!.get();
  return Object.fromEntries(values.map(({ labels, value }) => [Object.values(labels).join(' '), value]));
}

/** How many there were in this process. */
async function freezes(): Promise<number> {
  const metric = await register.getSingleMetric('migration_freeze_seconds')?.get();
  const values = (metric?.values ?? []) as { metricName?: string; value: number }[];
  return values.find(({ metricName }) => metricName?.endsWith('_count'))?.value ?? 0;
}

const GAUGES = ['state', 'paused', 'rows', 'batches', 'log_entries', 'mismatches', 'idle_seconds'];
const stateOf = async () =>
  Object.entries(await given('migration_state')).flatMap(([state, value]) => (value === 1 ? [state] : []));

describe('the metrics of migrations', { timeout: 60_000 }, () => {
  it('have no series of gauges before there is a migration', async () => {
    await watch();
    for (const name of GAUGES) expect([name, await given(`migration_${name}`)]).toEqual([name, {}]);
    expect(await given('migration_reverse_left_seconds')).toEqual({});
    expect((await given('migration_step_failures_total'))['copy']).toBe(0);
  });

  it('tell state, rows, batches, log and time left, in a process that coordinates nothing', async () => {
    const { id, plan, rowsTotal } = await world.begin(3);
    const looking = await watch();
    expect(await stateOf()).toEqual(['planned']);
    expect(await given('migration_rows')).toEqual({ planned: rowsTotal, copied: 0 });
    const atReverse = new KilledCoordinator(undefined, 0, async (state) => {
      if (state === 'reverse') await world.tasks().want(id, 'pause');
    });
    await world.runner({}, { tasks: atReverse.around(world.tasks()) }).runOnce();
    await looking.look();
    expect(await stateOf()).toEqual(['reverse']);
    const rows = await given('migration_rows');
    expect(rows['copied']).toBeGreaterThan(rowsTotal / 2);
    expect(await given('migration_batches')).toEqual({
      planned: plan.batches.length,
      'handed-off': plan.batches.length,
    });
    const left = (await given('migration_reverse_left_seconds'))['']!;
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(600);
    expect((await given('migration_paused'))['']).toBe(1);
    expect((await given('migration_mismatches'))['']).toBe(0);

    // What is written meanwhile waits in the log of the new owner.
    const own = KEYS.filter((key) => world.topology.ring.locate(key).shard === RECEIVER);
    await oracle.changeAll(own);
    await looking.look();
    expect(await given('migration_log_entries')).toEqual({
      'shard-0': 0,
      'shard-1': 0,
      [RECEIVER]: own.length,
    });
  });

  it('are the same after a change of the coordinator, and count attempts that failed', async () => {
    const { id } = await world.begin(3);
    const looking = await watch();
    const takeovers = async () => (await given('migration_takeovers_total'))['']!;
    const before = await takeovers();
    const failures = async () => (await given('migration_step_failures_total'))['copy']!;
    const failedBefore = await failures();
    const coordinate = async (halt: MigrationState, fails = 0) => {
      let left = fails;
      const failing = <T extends object>(part: T): T =>
        new Proxy(part, {
          get(target, name) {
            const value: unknown = Reflect.get(target, name, target);
            if (name === 'copyPage' && (left -= 1) >= 0) throw new Error('The disk is full');
            return typeof value === 'function' ? (value.bind(target) as unknown) : value;
          },
        });
      const halting = new KilledCoordinator(undefined, 0, async (state) => {
        if (state === halt) await world.tasks().want(id, 'pause');
      });
      await world.tasks().want(id, 'run');
      await world.runner({}, { tasks: halting.around(world.tasks()), around: failing }).runOnce();
      await looking.look();
    };
    await coordinate('catch-up', 1);
    expect(await stateOf()).toEqual(['catch-up']);
    const rows = await given('migration_rows');
    expect(await failures()).toBe(failedBefore + 1);
    expect(await takeovers()).toBe(before + 1);
    await world.main.query('UPDATE ring_task SET progressed_at = progressed_at - INTERVAL 1 HOUR');
    await looking.look();
    expect((await given('migration_idle_seconds'))['']).toBeGreaterThanOrEqual(3_600);
    await coordinate('verify');
    expect((await given('migration_idle_seconds'))['']).toBeLessThan(3_600);
    expect(await given('migration_rows')).toEqual(rows);
    expect(await takeovers()).toBe(before + 2);
  });

  it('show how a migration ended, and nothing of one that ended long ago', async () => {
    const { plan } = await world.begin(2);
    const before = await freezes();
    await world.runner().runOnce();
    const looking = await watch();
    expect(await stateOf()).toEqual(['purged']);
    expect(await given('migration_idle_seconds')).toEqual({ '': 0 });
    expect(await given('migration_log_entries')).toEqual({});
    expect(await freezes()).toBe(before + plan.batches.length);
    await world.main.query('UPDATE ring_task SET state_since = state_since - INTERVAL 1 DAY');
    await looking.look();
    for (const name of GAUGES) expect([name, await given(`migration_${name}`)]).toEqual([name, {}]);
  });

  it('have no value while the main cluster can’t be asked', async () => {
    await world.begin(1);
    const away = new MigrationWatch(
      { query: () => Promise.reject(new Error('The primary is away')) },
      world.registry,
      600_000,
    );
    watches.push(away);
    away.onModuleInit();
    await expect(away.look()).rejects.toThrow('The primary is away');
    expect(await given('migration_state')).toEqual({});
  });
});
