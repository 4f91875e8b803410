import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { databaseEnv } from '@fourfold/db-routing';
import { parseEnv } from '@fourfold/kernel';
import {
  CurrentTopology,
  type MigrationTask,
  type PlannedMigration,
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

export function planText({ task, report, leftOut, overfull }: PlannedMigration): string {
  const balance = (ratio: number | null) => (ratio === null ? '–' : ratio.toFixed(3));
  return [
    `${task.kind}${task.shard ? ` ${task.shard}` : ''}: ${report.slotsMoved} slots, ${task.rowsTotal} rows, in ${task.plan.batches.length} batches`,
    `largest to smallest by rows: ${balance(report.balanceBefore)} before, ${balance(report.balanceAfter)} after`,
    ...report.shards.map(
      ({ shard, slotsBefore, slotsAfter, rowsBefore = 0, rowsAfter = 0 }) =>
        `  ${shard.padEnd(12)} slots ${slotsBefore} → ${slotsAfter}, rows ${rowsBefore} → ${rowsAfter}`,
    ),
    ...(leftOut
      ? [
          `left out by --max-rows: ${leftOut.rows} rows, which would bring it to ${balance(leftOut.balanceAfter)}`,
        ]
      : []),
    ...overfull.map(
      ({ slot, shard, rows, share, key }) =>
        `slot ${slot} of ${shard} can't be split and has ${percent(share)} of all rows (${rows}): ` +
        (key ? `${percent(key.share)} of them are of key ${key.key}` : 'no key has a tenth of them'),
    ),
  ].join('\n');
}

const percent = (share: number) => `${(share * 100).toFixed(1)}%`;

const WIDTH = 20;
const ORDER = ['planned', 'capture', 'copy', 'catch-up', 'verify', 'frozen', 'reverse', 'purging'];

/** One line: how far the migration is, with the time that the state in hand will take when it is known. */
export function statusText(task: MigrationTask): string {
  const batches = task.plan.batches.length;
  const inState =
    { frozen: task.handedOff, 'handed-off': task.handedOff }[task.state as 'frozen'] ?? task.done;
  const filled = Math.round((WIDTH * Math.min(inState, batches)) / Math.max(1, batches));
  const bar = `[${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}]`;
  const etaMs = inState > 0 ? (task.inStateMs / inState) * (batches - inState) : undefined;
  const step = ORDER.indexOf(task.state === 'handed-off' ? 'frozen' : task.state);
  const parts = [
    `migration ${task.id} (${task.kind}${task.shard ? ` ${task.shard}` : ''})`,
    `${task.state}${step >= 0 ? ` (${step + 1}/${ORDER.length})` : ''}`,
    ...(step >= 0 ? [`${bar} ${inState}/${batches} batches`] : []),
    `${task.rowsCopied}/${task.rowsTotal} rows copied`,
    `longest freeze ${task.longestFreezeMs} ms`,
    ...(task.mismatches > 0 ? [`${task.mismatches} slots copied anew`] : []),
    ...(etaMs !== undefined && step >= 0 ? [`about ${Math.ceil(etaMs / 1_000)} s left of this step`] : []),
    ...(task.wanted === 'run' ? [] : [`${task.wanted} was asked for`]),
    ...(task.error ? [`last fault: ${task.error}`] : []),
  ];
  return parts.join(', ');
}
