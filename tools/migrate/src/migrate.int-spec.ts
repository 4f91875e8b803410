import { parseTopology } from '@fourfold/sharding';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrateAll, migrationStatus } from './migrate-all.js';
import { mainMigrations, shardMigrations } from './migrations.js';
import { EmptyPlatform } from './testing/empty-platform.js';

let platform: EmptyPlatform;

beforeEach(async () => {
  platform = await EmptyPlatform.create();
});
afterEach(() => platform.drop());

const namesOf = (migrations: typeof mainMigrations) => migrations.map((Migration) => new Migration().name!);
const shards = ['shard-0', 'shard-1', 'shard-2', 'shard-3'];
/** The order in which they are run: each name ends with one. */
const byTimestamp = (a: string, b: string) => Number(a.slice(-13)) - Number(b.slice(-13));
/** Each migration of each database, once. */
const allOnce = {
  primary: expect.arrayContaining(namesOf(mainMigrations)),
  ...Object.fromEntries(shards.map((shard) => [shard, namesOf(shardMigrations).toSorted(byTimestamp)])),
};

async function migrateReporting(env = platform.env()): Promise<string[]> {
  const lines: string[] = [];
  await migrateAll(env, (line) => lines.push(line));
  return lines;
}

async function expectAllOnce(): Promise<void> {
  const recorded = await platform.recorded();
  expect(recorded).toEqual(allOnce);
  expect(recorded['primary']).toHaveLength(mainMigrations.length);
}

describe('migrateAll', () => {
  it('brings empty databases up to date, and the second time finds nothing to do', async () => {
    const first = await migrateReporting();
    expect(first.map((line) => line.replace(/ applied .*/, ' applied'))).toEqual([
      'main: applied',
      ...shards.map((shard) => `${shard}: applied`),
      'topology: epoch 1, shards shard-0, shard-1, shard-2, shard-3',
    ]);
    expect(await migrateReporting()).toEqual([
      'main: up to date',
      ...shards.map((shard) => `${shard}: up to date`),
      'topology: epoch 1, shards shard-0, shard-1, shard-2, shard-3',
    ]);
    await expectAllOnce();
  });

  it('run by four at once succeeds for all of them, and no migration runs twice', async () => {
    const reports = await Promise.all(Array.from({ length: 4 }, () => migrateReporting()));
    await expectAllOnce();
    for (const target of ['main', ...shards]) {
      const applied = reports.flat().filter((line) => line.startsWith(`${target}: applied`));
      expect(applied, target).toHaveLength(1);
    }
    expect(await platform.ask('primary', 'SELECT epoch FROM shard_topology')).toEqual([{ epoch: 1 }]);
  });

  it('repeats a migration that was cut short: its tables are there, but not recorded', async () => {
    await migrateReporting();
    for (const node of ['primary', 'shard-2'] as const)
      await platform.ask(node, 'DELETE FROM schema_migrations');
    // One that got half way.
    await platform.ask('primary', 'DROP TABLE order_items');
    await platform.ask('shard-2', 'DROP TABLE user_emails');

    const again = await migrateReporting();
    expect(again[0]).toMatch(/^main: applied /);
    expect(again).toContain('shard-1: up to date');
    await expectAllOnce();
    expect(await platform.ask('primary', "SHOW TABLES LIKE 'order_items'")).toHaveLength(1);
    expect(await platform.ask('shard-2', "SHOW TABLES LIKE 'user_emails'")).toHaveLength(1);
  });

  it('loses no row when it is repeated', async () => {
    await migrateReporting();
    await platform.ask(
      'shard-0',
      "INSERT INTO users (id, name, email, created_at) VALUES (7, 'Ada', 'ada@example.com', NOW())",
    );
    await platform.ask('primary', 'UPDATE snowflake_workers SET reserved_until_ms = 5 WHERE worker_id = 3');
    for (const node of ['primary', 'shard-0'] as const)
      await platform.ask(node, 'DELETE FROM schema_migrations');

    await migrateReporting();
    expect(await platform.ask('shard-0', 'SELECT id FROM users')).toHaveLength(1);
    expect(
      await platform.ask('primary', 'SELECT worker_id FROM snowflake_workers WHERE reserved_until_ms = 5'),
    ).toEqual([{ worker_id: 3 }]);
  });
});

describe('a shard that was added to a running platform', () => {
  /** The topology names it, and a file has its URL. */
  async function addShard(name: string): Promise<void> {
    const [row] = await platform.ask('primary', 'SELECT document FROM shard_topology');
    const first = parseTopology(row!['document']);
    const added = { name, state: 'active', weight: 1, url: { file: name } };
    const document = JSON.stringify({ ...first, epoch: 2, shards: [...first.shards, added] });
    await platform.ask('primary', `INSERT INTO shard_topology VALUES (2, '${document}', NOW(3))`);
  }

  it('is missed before any shard is changed, and migrated with the others once it has a URL', async () => {
    await migrateReporting();
    await addShard('shard-4');
    await platform.ask('shard-0', 'DELETE FROM schema_migrations');
    await expect(migrateReporting()).rejects.toThrow(
      'SHARD_URLS: no URL for shard-4, which topology epoch 2 names',
    );
    expect((await platform.recorded())['shard-0']).toEqual([]);
    const { SHARD_URLS, ...main } = platform.env();
    const urls = `${SHARD_URLS},shard-4=${platform.url('shard-0')}`;
    expect(await migrateReporting({ ...main, SHARD_URLS: urls })).toContain(
      'topology: epoch 2, shards shard-0, shard-1, shard-2, shard-3, shard-4',
    );
  });
});

describe('a database that fails', () => {
  it.each(['primary', 'shard-2'] as const)('is named without its password: %s', async (node) => {
    const url = platform.missingDatabaseUrl(node);
    const failure = migrateReporting(platform.env({ [node]: url }));
    const { host, password, pathname } = new URL(url);
    const name = node === 'primary' ? 'main' : node;
    await expect(failure).rejects.toThrow(`Migrating ${name} (${host}${pathname}) failed`);
    await expect(failure).rejects.not.toThrow(password);
  });

  it('keeps those before it done: the next run goes on from there', async () => {
    const broken = platform.env({ 'shard-2': platform.missingDatabaseUrl('shard-2') });
    await expect(migrateReporting(broken)).rejects.toThrow('shard-2');
    const reports = await migrateReporting();
    expect(reports.map((line) => line.replace(/ applied .*/, ' applied'))).toEqual([
      'main: up to date',
      'shard-0: up to date',
      'shard-1: up to date',
      'shard-2: applied',
      'shard-3: applied',
      expect.stringContaining('topology'),
    ]);
  });

  it('is named when no server listens there', async () => {
    const unserved = new URL(platform.url('shard-1'));
    unserved.port = '1';
    const failure = migrateReporting(platform.env({ 'shard-1': unserved.toString() }));
    await expect(failure).rejects.toThrow(/Migrating shard-1 \(127\.0\.0\.1:1\/.*ECONNREFUSED/);
    await expect(failure).rejects.not.toThrow(unserved.password);
  });
});

describe('migrationStatus', () => {
  it('lists every migration as pending before, as applied after, and changes nothing itself', async () => {
    const before = await migrationStatus(platform.env());
    expect(before).toHaveLength(mainMigrations.length + 4 * shardMigrations.length);
    expect(before.filter(({ applied }) => applied)).toEqual([]);
    expect(await platform.ask('primary', 'SHOW TABLES')).toEqual([]);

    await migrateReporting();
    const after = await migrationStatus(platform.env());
    expect(after).toEqual(before.map((state) => ({ ...state, applied: true })));
  });
});
