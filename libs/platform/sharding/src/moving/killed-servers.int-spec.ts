import { describeTopology, eventually, fullRun, type OwnStack, startOwnStack } from '@fourfold-tools/testing';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { afterCall } from '../testing/after-call.js';
import { FreshSlots } from '../testing/fresh-slots.js';
import { DONORS, MovingWorld, RECEIVER } from '../testing/moving-world.js';
import { WriteOracle } from '../testing/write-oracle.js';
import type { MigrationState } from './migration-state.js';

type Server = 'primary' | (typeof DONORS)[number] | typeof RECEIVER;
/** `frozen fences`: between the freeze and the hand-off of the first batch. */
type When = MigrationState | 'frozen fences';

const [DONOR] = DONORS;
const SERVERS: readonly string[] = ['primary', ...DONORS, RECEIVER];
const STATES: readonly MigrationState[] = [
  ...(['capture', 'copy', 'catch-up', 'verify', 'frozen', 'handed-off', 'reverse', 'purging'] as const),
];
const nothing = { lost: [], doubled: [], stale: [], failed: [] };

let own: OwnStack;
let world: MovingWorld;
let slots: FreshSlots;
let oracle: WriteOracle;

beforeAll(async () => {
  own = await startOwnStack(({ name }) => SERVERS.includes(name));
  world = await MovingWorld.start(DONORS.length, { ...describeTopology(own.options), replicas: [] });
  slots = new FreshSlots(world, fullRun ? 1_200 : 300);
  oracle = new WriteOracle(world, slots.keys);
  await oracle.fill();
  await world.announceReceiver();
}, 120_000);
afterAll(async () => {
  await world?.stop();
  await own?.remove();
}, 60_000);

/** SIGKILL, and a new start. Calls for its keys may fail until it has answered this process again. */
async function killAndStart(server: Server): Promise<void> {
  oracle.down.add(server);
  await own.stack.kill(server);
  await own.stack.start(server);
  await isBack(server);
}

async function isBack(server: Server): Promise<void> {
  const answers = () =>
    server === 'primary'
      ? world.main.query('SELECT 1')
      : world.registry.run(server, (runner) => runner.query('SELECT 1'));
  await eventually(answers, { deadlineMs: 60_000 });
  oracle.down.delete(server);
}

/** Carries a migration of fresh slots on, with whatever fails, until it is over, while keys are written and read. */
async function move(around: <T extends object>(part: T) => T) {
  const { id, batches } = await slots.begin();
  const tasks = world.tasks(1);
  const runner = world.runner({}, { tasks: around(tasks), around });
  oracle.start(4);
  await eventually(
    async () => {
      await runner.runOnce();
      return /purged|aborted/.test((await tasks.get(id)).state);
    },
    { deadlineMs: 240_000 },
  );
  await oracle.stop();
  return { task: await tasks.get(id), fences: await world.fencesOf(batches), verdict: await oracle.judge() };
}

const quick: [Server, When][] = [
  [RECEIVER, 'copy'],
  [DONOR, 'frozen fences'],
];
const full: [Server, When][] = [
  ...([RECEIVER, DONOR, 'primary'] as const).flatMap((server) =>
    [...STATES, 'frozen fences' as const].map((when): [Server, When] => [server, when]),
  ),
];

describe('a migration', { timeout: 600_000 }, () => {
  it.each(fullRun ? full : quick)('ends although %s is killed when it is %s', async (server, when) => {
    const frozen = ([, change]: readonly unknown[]) =>
      (change as { to?: { mode: string } }).to?.mode === 'frozen';
    let starting: Promise<void> | undefined;
    const kill = async () => {
      oracle.down.add(server);
      await own.stack.kill(server);
      starting = killAndStart(server);
    };
    const around =
      when === 'frozen fences'
        ? afterCall('change', frozen, kill)
        : afterCall('pass', ([, state]) => state === when, kill);
    const { task, fences, verdict } = await move(around);
    await starting;
    expect(starting).toBeDefined();
    expect({ state: task.state, fences, verdict }).toEqual({
      ...{ state: 'purged', fences: 'moved', verdict: nothing },
    });
  });

  it('waits for connections of a receiver that has none left while rows are copied', async () => {
    const root = world.roots.get(RECEIVER)!;
    const [{ most }] = await root.query<[{ most: number }]>('SELECT @@max_connections AS most');
    const { rootUrl } = describeTopology(own.options).shards.find(({ name }) => name === RECEIVER)!;
    const taken: Awaited<ReturnType<typeof createConnection>>[] = [];
    const reasons = new Set<string>();
    let exhausted = false;
    const exhaust = async () => {
      oracle.down.add(RECEIVER);
      await root.query('SET GLOBAL max_connections = 10');
      const list = "SELECT id FROM information_schema.processlist WHERE user LIKE '%app'";
      // A connection counts until its thread has ended: the server is full when none but those of root are left.
      await eventually(async () => {
        for (const { id } of await root.query<{ id: string }[]>(list))
          await root.query(`KILL ${id}`).catch(() => {});
        const connection = await createConnection({ uri: rootUrl }).catch(() => undefined);
        if (connection) taken.push(connection);
        return !connection && (await root.query<unknown[]>(list)).length === 0;
      });
      exhausted = true;
    };
    const release = async () => {
      await root.query(`SET GLOBAL max_connections = ${most}`);
      await Promise.all(taken.splice(0).map((connection) => connection.end()));
      await isBack(RECEIVER);
    };
    const around = afterCall('pass', ([, state]) => state === 'copy', exhaust);
    const noting = (async () => {
      await eventually(
        async () => {
          const { error } = (await world.tasks().active())!;
          if (error !== null) reasons.add(error);
          return exhausted && /CON_COUNT/.test(error ?? '');
        },
        { deadlineMs: 240_000 },
      );
      await release();
    })();
    const { task, fences, verdict } = await move(around);
    await noting;
    expect({ state: task.state, fences, verdict }).toEqual({
      ...{ state: 'purged', fences: 'moved', verdict: nothing },
    });
    expect([...reasons].join()).toMatch(/shard-2 .*CON_COUNT/);
  });
});
