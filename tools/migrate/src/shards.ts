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
  type UrlReference,
} from '@fourfold/sharding';
import { ShardRegistry, TaskStore } from '@fourfold/sharding/operating';
import { Logger } from '@nestjs/common';
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
 * @param added a shard that is to come, with its URL where it is in no file yet
 */
export async function withMigrations<T>(
  env: Record<string, string | undefined>,
  added: { name: string; url: string | undefined } | undefined,
  work: (migrations: ShardMigrations) => Promise<T>,
): Promise<T> {
  const { DB_ENGINE, DB_PRIMARY_URL, SHARD_URLS, SHARD_SECRETS_DIR } = parseEnv('shards', shardsEnv, env);
  if (added?.url !== undefined && SHARD_SECRETS_DIR === undefined)
    throw new Error('The URL can’t be kept: SHARD_SECRETS_DIR does not say where every process looks for it');
  const kept = SHARD_SECRETS_DIR ? shardSecrets(SHARD_SECRETS_DIR) : undefined;
  const urlOf = (reference: UrlReference) =>
    kept?.(reference) ?? (reference.file === added?.name ? added.url : undefined);
  // What the registry does for one command is of no interest to its caller.
  Logger.overrideLogger(['error']);
  const main = await new DataSource({ type: 'mysql', url: DB_PRIMARY_URL, timezone: 'Z' }).initialize();
  try {
    const store = new TopologyStore(main);
    const registry = new ShardRegistry(SHARD_URLS, { engine: DB_ENGINE, entities: shardEntities }, urlOf);
    try {
      registry.follow(await CurrentTopology.load(store));
      return await work(new ShardMigrations(new TaskStore(main), store, registry));
    } finally {
      await registry.onApplicationShutdown();
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
