import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { databaseEnv } from '@fourfold/db-routing';
import { parseEnv } from '@fourfold/kernel';
import {
  CurrentTopology,
  ShardMigrations,
  shardSecrets,
  shardUrlsSchema,
  TopologyStore,
} from '@fourfold/sharding';
import { ShardRegistry, TaskStore } from '@fourfold/sharding/operating';
import { shardEntities } from '@shop/composition';
import { DataSource } from 'typeorm';
import { z } from 'zod';

const shardsEnv = z.object({
  DB_ENGINE: databaseEnv.DB_ENGINE,
  DB_PRIMARY_URL: databaseEnv.DB_PRIMARY_URL,
  SHARD_URLS: shardUrlsSchema,
  SHARD_SECRETS_DIR: z.string().min(1).optional(),
});

/**
 * Runs `work` with the migrations of the platform that the environment names.
 * @param added a shard that is to come, which the topology does not name yet: it is reached by the URL given, or by that in
 *   its file, which every process reads
 */
export async function withMigrations<T>(
  env: Record<string, string | undefined>,
  added: { name: string; url: string | undefined } | undefined,
  work: (migrations: ShardMigrations) => Promise<T>,
): Promise<T> {
  const { DB_ENGINE, DB_PRIMARY_URL, SHARD_URLS, SHARD_SECRETS_DIR } = parseEnv('shards', shardsEnv, env);
  const urlOf = SHARD_SECRETS_DIR ? shardSecrets(SHARD_SECRETS_DIR) : undefined;
  const main = await new DataSource({ type: 'mysql', url: DB_PRIMARY_URL, timezone: 'Z' }).initialize();
  const store = new TopologyStore(main);
  try {
    const options = { engine: DB_ENGINE, entities: shardEntities };
    const known = new ShardRegistry(SHARD_URLS, options, urlOf);
    try {
      known.follow(await CurrentTopology.load(store));
      if (added === undefined) return await work(new ShardMigrations(new TaskStore(main), store, known));
      const url = urlOf?.({ file: added.name }) ?? added.url;
      if (url === undefined || SHARD_SECRETS_DIR === undefined)
        throw new Error(
          `No process knows the URL of ${added.name}: it belongs into ${join(SHARD_SECRETS_DIR ?? 'SHARD_SECRETS_DIR', added.name)}`,
        );
      const urls = known.names.map((name) => [name, SHARD_URLS[name] ?? urlOf?.({ file: name }) ?? '']);
      const registry = new ShardRegistry(
        { ...(Object.fromEntries(urls) as Record<string, string>), [added.name]: url },
        options,
      );
      try {
        return await work(new ShardMigrations(new TaskStore(main), store, registry));
      } finally {
        await registry.onApplicationShutdown();
      }
    } finally {
      await known.onApplicationShutdown();
    }
  } finally {
    await main.destroy();
  }
}

/** Leaves the URL where every process looks for it; one that is there already stays. */
export function keepUrl(folder: string, shard: string, url: string): void {
  const path = join(folder, shard);
  if (!existsSync(path)) writeFileSync(path, `${url}\n`, { mode: 0o600 });
}
