import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  describeTopology,
  type OwnStack,
  type SmallDisk,
  smallDisk,
  startOwnStack,
  testEngine,
} from '@fourfold-tools/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DONORS, MovingWorld, RECEIVER } from '../testing/moving-world.js';
import { WriteOracle } from '../testing/write-oracle.js';
import type { Progress } from './task.store.js';

const SERVERS: readonly string[] = ['primary', ...DONORS, RECEIVER];
const KILOBYTES = 32_768;
/** InnoDB keeps room to undo in files of more than a megabyte alone: MariaDB ends where it can't undo. */
const KEYS = 20_000;
const nothing = { lost: [], doubled: [], stale: [], failed: [] };

let own: OwnStack;
let parent: string;
let disk: SmallDisk;
let world: MovingWorld;
let oracle: WriteOracle;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'fourfold-full-disk-'));
  disk = await smallDisk(parent, KILOBYTES);
  own = await startOwnStack(({ name }) => SERVERS.includes(name));
  world = await MovingWorld.start(DONORS.length, { ...describeTopology(own.options), replicas: [] });
  oracle = new WriteOracle(
    world,
    Array.from({ length: KEYS }, (_, index) => String(index + 1)),
  );
  await oracle.fill();
  for (const donor of DONORS)
    await world.roots.get(donor)!.query("UPDATE visit SET place = REPEAT('🎼', 100)");
  await keepOnSmallDisk('visit');
}, 120_000);
afterEach(async () => {
  // A server that the full disk has ended must not leave the disk mounted.
  const ended = await Promise.allSettled([oracle?.stop(), world?.stop()]);
  await own?.remove();
  disk.remove();
  await rm(parent, { recursive: true });
  expect(ended.filter(({ status }) => status === 'rejected')).toEqual([]);
}, 60_000);

/** The receiver's table, still empty, is made anew there. */
async function keepOnSmallDisk(table: string): Promise<void> {
  const root = world.roots.get(RECEIVER)!;
  const [made] = await root.query<Record<string, string>[]>(`SHOW CREATE TABLE ${table}`);
  await root.query(`DROP TABLE ${table}`);
  await root.query(`${made!['Create Table']} DATA DIRECTORY = '${disk.folder}'`);
}

const ballast = () => join(disk.folder, 'ballast');

async function fillDisk(): Promise<void> {
  const { bavail, bsize } = await statfs(disk.folder);
  await writeFile(ballast(), Buffer.alloc(bavail * bsize));
}

/** @param onCopied after each part of the copy */
async function move(onCopied: () => Promise<void>) {
  const { id, plan, rowsTotal } = await world.begin();
  const tasks = world.tasks();
  const noting = Object.assign(Object.create(tasks) as typeof tasks, {
    note: async (...[task, progress]: [Parameters<typeof tasks.note>[0], Progress]) => {
      await tasks.note(task, progress);
      if (progress.rowsCopied !== undefined) await onCopied();
    },
  });
  oracle.start(2);
  await world.runner({}, { tasks: noting }).runOnce();
  await oracle.stop();
  const { state, handedOff, rowsCopied, error } = await tasks.get(id);
  const copied = rowsCopied === 0 ? 'nothing' : rowsCopied < rowsTotal ? 'some' : 'all';
  return { state, handedOff, error, copied, fences: await world.fencesOf(plan.batches) };
}

// MySQL lets tables be only where its configuration says.
describe.each(testEngine === 'mariadb' ? ['a receiver'] : [])('%s whose disk', { timeout: 120_000 }, () => {
  it('is full in the midst of the copy has its migration taken back, and the donors are whole', async () => {
    const moved = await move(fillDisk);
    expect(moved).toEqual({
      ...{ state: 'aborted', handedOff: 0, copied: 'some', fences: 'back' },
      error: expect.stringMatching(`^${RECEIVER} has no room left: .*visit.*full`),
    });
    expect(await oracle.judge()).toEqual(nothing);
    for (const table of ['member', 'address', 'visit'])
      expect([table, (await world.rowsOf(table)).get(RECEIVER)]).toEqual([table, []]);
    expect(world.topology.topology.shards.map(({ name }) => name)).toEqual([...DONORS]);

    await rm(ballast());
    expect(await move(async () => {})).toMatchObject({ state: 'purged', error: null, fences: 'moved' });
    expect(await oracle.judge()).toEqual(nothing);
  });
});
