import type { TestDatabase } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase } from '../testing/mariadb.js';
import { migrateShards } from './migrate-shards.js';
import { migrationStates } from './migration-target.js';
import { shardingMigrations } from './sharding-migrations.js';

const SHARDS = ['shard-0', 'shard-1'] as const;
const names = shardingMigrations.map((Migration) => new Migration().name!);
let databases: TestDatabase[];
let urls: Record<string, string>;

beforeAll(async () => {
  databases = await Promise.all(SHARDS.map((shard) => freshDatabase(shard)));
  urls = Object.fromEntries(databases.map(({ migrateUrl }, index) => [SHARDS[index], migrateUrl]));
});
afterAll(() => Promise.all(databases.map((database) => database.drop())));

async function ran(): Promise<[string, readonly string[]][]> {
  const told: [string, readonly string[]][] = [];
  await migrateShards(urls, shardingMigrations, (shard, those) => told.push([shard, those]));
  return told;
}

describe('migrateShards', () => {
  it('names a shard that fails without its password, and leaves those before it done', async () => {
    const broken = new URL(urls['shard-1']!);
    broken.password = 'hunter2';
    const failure = migrateShards({ ...urls, 'shard-1': broken.href }, shardingMigrations);
    await expect(failure).rejects.toThrow(/Migrating shard-1 /);
    await expect(failure).rejects.not.toThrow(/hunter2/);
    const states = (name: string) =>
      migrationStates({ name, url: urls[name]!, migrations: shardingMigrations });
    expect((await states('shard-0')).every(({ applied }) => applied)).toBe(true);
    expect((await states('shard-1')).some(({ applied }) => applied)).toBe(false);
  });

  it('goes on from there, by many at once, and then finds nothing to do', async () => {
    const all = await Promise.all([ran(), ran()]);
    const applied = all.flat().filter(([, those]) => those.length > 0);
    expect(applied).toEqual([['shard-1', names]]);
    expect(await ran()).toEqual(SHARDS.map((shard) => [shard, []]));
  });
});
