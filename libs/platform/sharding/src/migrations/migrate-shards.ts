import { DataSource } from 'typeorm';
import type { Topology } from '../ring/topology.js';
import { migrate, type MigrationClass } from './migration-target.js';
import { seedFences } from './seed-fences.js';

/**
 * Brings every shard up to date, one after the other. Those before one that fails are done, and running it again goes
 * on from there; processes that run it at once wait for one another.
 * @param urls by shard name, of an account that may change the schema
 * @param onDone told the names of the migrations that ran, shard by shard
 * @throws Error naming the shard that failed, without its password
 */
export async function migrateShards(
  urls: Readonly<Record<string, string>>,
  migrations: readonly MigrationClass[],
  onDone: (shard: string, ran: readonly string[]) => void = () => {},
): Promise<void> {
  for (const [name, url] of Object.entries(urls)) onDone(name, await migrate({ name, url, migrations }));
}

/**
 * Gives each shard that has none its fences, as `seedFences` does, one shard after the other.
 * @param urls by shard name
 * @throws Error naming the shard that failed, without its password
 */
export async function fenceShards(urls: Readonly<Record<string, string>>, topology: Topology): Promise<void> {
  for (const [name, url] of Object.entries(urls)) {
    const shard = new DataSource({
      type: 'mysql',
      url,
      extra: { connectionLimit: 1 },
      connectTimeout: 5_000,
    });
    try {
      await shard.initialize();
      await seedFences(shard, name, topology);
    } catch (error) {
      throw new Error(`Fencing ${name} failed: ${(error as Error).message}`, { cause: error });
    } finally {
      if (shard.isInitialized) await shard.destroy();
    }
  }
}
