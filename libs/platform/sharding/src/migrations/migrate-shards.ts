import { migrate, type MigrationClass } from './migration-target.js';

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
