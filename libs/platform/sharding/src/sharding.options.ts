import { parseNodeUrl } from '@fourfold/db-routing';
import { LONGEST_TIMER_MS } from '@fourfold/kernel';
import { redisOptionNames, redisOptionsSchema } from '@fourfold/redis';
import { z } from 'zod';
import { migrationOptionsSchema } from './moving/migration.options.js';
import { hotKeysOptionsSchema } from './hot-keys/hot-keys.js';
import { type SnowflakeOptions, snowflakeOptionsSchema } from './ids/snowflake-ids.js';
import { shardNameSchema, type UrlReference } from './ring/topology.js';
import {
  defaultShardConnectionOptions as defaults,
  type ShardConnectionOptions,
  type ShardEntry,
} from './routing/shard-connection.options.js';
import type { ShardedEntityList } from './sharded-entities.js';
import type { SqlExecutor } from './sql-executor.js';
import type { TopologyRedisOptions } from './topology/topology.copy.js';

const count = z.int().positive();
const ms = z.number().positive().max(LONGEST_TIMER_MS);

/** The options of db-routing are checked by db-routing, when the shard is set up. */
const shardEntry = z.custom<ShardEntry>().superRefine((entry, context) => {
  try {
    parseNodeUrl(typeof entry === 'string' ? entry : String(entry?.primaryUrl));
  } catch (error) {
    context.addIssue((error as Error).message);
  }
});

const topologyRedis = z
  .custom<TopologyRedisOptions | string>()
  .transform((given) => (typeof given === 'string' ? { url: given } : given))
  .superRefine((given, context) => {
    const { prefix = '', ...redis } = given ?? {};
    if (typeof prefix !== 'string')
      context.addIssue({ code: 'custom', path: ['prefix'], message: 'must be text' });
    const unknown = Object.keys(redis).filter((name) => !redisOptionNames.includes(name));
    if (unknown.length === 0) return report(context, redisOptionsSchema.safeParse(redis));
    const allowed = ['prefix', ...redisOptionNames].join(', ');
    context.addIssue({
      code: 'custom',
      message: `there is no option ${unknown.join(', ')}; there are ${allowed}`,
    });
  });

const ids = z.custom<SnowflakeOptions | false>().superRefine((given, context) => {
  if (given !== false) report(context, snowflakeOptionsSchema.safeParse(given));
});

/** The errors of `redisOptionsSchema` say themselves which options there are. */
function report(context: z.RefinementCtx, { error }: z.ZodSafeParseResult<unknown>): void {
  for (const issue of error?.issues ?? []) {
    const message =
      issue.code === 'unrecognized_keys'
        ? `there is no option ${issue.keys.join(', ')}; there are ${Object.keys(snowflakeOptionsSchema.shape).join(', ')}`
        : issue.message;
    context.addIssue({ code: 'custom', path: issue.path, message });
  }
}

/** How each shard is connected; the same for all, but for `poolSizes`. See `ShardConnectionOptions`. */
const connection = {
  engine: z.enum(['mariadb', 'mysql']).default(defaults.engine),
  entities: z
    .custom<ShardedEntityList>(Array.isArray, 'must be a list of entities')
    .default(defaults.entities),
  cursorSecrets: z.array(z.string().min(32, 'must have at least 32 characters')).default([]),
  poolSize: count.default(defaults.poolSize),
  poolSizes: z.record(shardNameSchema, count).default(defaults.poolSizes),
  connectTimeoutMs: ms.default(defaults.connectTimeoutMs),
  acquireTimeoutMs: ms.default(defaults.acquireTimeoutMs),
  idleCheckMs: z.number().nonnegative().default(defaults.idleCheckMs),
  maxLifetimeMs: ms.default(defaults.maxLifetimeMs),
  operationTimeoutMs: ms.default(defaults.operationTimeoutMs),
  suspectAfterMs: ms.default(defaults.suspectAfterMs),
  retryAfterMs: ms.default(defaults.retryAfterMs),
} satisfies Record<keyof ShardConnectionOptions, z.ZodType>;

export const shardingOptionsSchema = z
  .strictObject({
    /**
     * By shard name a mysql:// URL, as `shardUrlsSchema` gives it, or the options of db-routing for a primary with replicas.
     * Every shard of the topology must be here, or be named there with a reference.
     */
    shards: z.record(shardNameSchema, shardEntry),
    ...connection,
    /**
     * What the references to URLs lead to that the topology has for shards which are not in `shards`: see `shardSecrets`.
     * Default: to nothing.
     */
    secrets: z
      .custom<(reference: UrlReference) => string | undefined>(
        (given) => typeof given === 'function',
        'must be a function',
      )
      .optional(),
    /** How often the rows of each shard are estimated. Default 60,000; 0: never. */
    rowsEveryMs: z.number().nonnegative().max(LONGEST_TIMER_MS).default(60_000),
    /** With it this process is one of those that carry migrations of slots out, one at a time. Default: it is none. */
    migrates: migrationOptionsSchema.optional(),
    /** From when on a key is hot. */
    hotKeys: hotKeysOptionsSchema.prefault({}),
    /**
     * The Redis that carries the topology to all processes: they follow a change at once. Without it each asks the main
     * cluster every 0.7 s.
     */
    redis: topologyRedis.optional(),
    /** False: for a process that needs no ids. It takes no worker id, and `SnowflakeIds` gives none. */
    ids: ids.default({}),
    /** Where topology and worker ids are kept. Default: the application's default TypeORM DataSource. */
    main: z
      .custom<SqlExecutor>(
        (main) => typeof (main as SqlExecutor | undefined)?.query === 'function',
        'must have a method query',
      )
      .optional(),
  })
  .superRefine(({ shards, poolSizes }, context) => {
    for (const shard of Object.keys(poolSizes).filter((name) => !(name in shards)))
      context.addIssue({
        code: 'custom',
        path: ['poolSizes', shard],
        message: 'there is no such shard in shards',
      });
  });

export type ShardingModuleOptions = z.input<typeof shardingOptionsSchema>;
