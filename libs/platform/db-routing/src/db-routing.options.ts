import { ConfigurableModuleBuilder, type ExecutionContext } from '@nestjs/common';
import { LONGEST_TIMER_MS, parseOptions } from '@fourfold/kernel';
import type { DataSourceOptions, EntitySchema } from 'typeorm';
import { z } from 'zod';
import { parseNodeUrl } from './node-url.js';

export const mysqlUrl = z
  .string({ error: 'must be a URL like mysql://user:password@host:3306/database' })
  .check(({ value, issues }) => {
    try {
      parseNodeUrl(value);
    } catch (error) {
      const message = `must be a URL like mysql://user:password@host:3306/database: it ${(error as Error).message}`;
      issues.push({ code: 'custom', message, input: value });
    }
  });

export const engine = z.enum(['mariadb', 'mysql']).default('mariadb');
const count = z.int().positive();
/** What a timer can wait for, also where it is lengthened by a fifth at random. */
const LONGEST_MS = LONGEST_TIMER_MS / 1.25;
/** Milliseconds. `Infinity`, or what else is over 19 days, is 19 days. */
const ms = z
  .custom<number>((value) => typeof value === 'number' && value > 0, 'must be milliseconds over 0')
  .transform((value) => Math.min(value, LONGEST_MS));

/** Of each replica: `mysql://user:password@host:port/database` or that with a weight. Its account should have SELECT only. */
const replica = z.preprocess(
  (value) => (typeof value === 'string' ? { url: value } : value),
  z.strictObject({
    url: mysqlUrl,
    /** Its share of the reads beside the other replicas'. */
    weight: z.number().positive().default(1),
  }),
) as unknown as z.ZodType<{ url: string; weight: number }, string | ReplicaOptions>;

export interface ReplicaOptions {
  url: string;
  weight?: number | undefined;
}

const consistency = z.strictObject({
  /**
   * Sign the tokens, the same in every process, at least 32 characters each. The first signs, all verify. None: tokens
   * are neither given nor read.
   */
  tokenSecrets: z.array(z.string().min(32, 'must have at least 32 characters')).readonly().default([]),
  /** Longer than any replica in rotation may lag. */
  tokenTtlMs: ms.default(60_000),
  /** How long this process remembers a caller's write for reads without a token; 0 turns it off. */
  windowMs: z.number().nonnegative().default(2_000),
  /** How long a read waits for a replica to catch up before it goes to the primary. */
  waitMs: z.number().nonnegative().max(LONGEST_MS).default(150),
  /** Who is asking, once the guards have run; without it there is no sticky window from one request to the next. */
  callerOf: z
    .custom<(context: ExecutionContext) => string | undefined>(
      (value) => typeof value === 'function',
      'must be a function',
    )
    .optional(),
});

const health = z.strictObject({
  /** Between two probes of a replica, ± 20% so that processes that started together do not probe together. */
  probeIntervalMs: ms.default(2_000),
  probeTimeoutMs: ms.default(500),
  /** Between two heartbeats. Lag is known to about this. */
  beatIntervalMs: ms.default(1_000),
  /** Longer than a probe's: a primary whose commits stall, or that has the row locked, is slow and not silent. */
  beatTimeoutMs: ms.default(2_000),
  /** For the one connection that a replica is tried with before it is read again. */
  trialTimeoutMs: ms.default(1_000),
  /** Failed probes in a row after which a replica leaves the rotation. */
  ejectAfterFailures: count.default(3),
  /** Good probes in a row after which it is tried. */
  readmitAfterSuccesses: count.default(2),
  /** How long the share of a replica that is back grows from a tenth to the whole. */
  slowStartMs: ms.default(10_000),
});

const lag = z
  .strictObject({
    /** A replica further behind than this leaves the rotation. */
    ejectMs: ms.default(5_000),
    /** …and comes back at this or less: apart, so that a replica at the edge does not flap. */
    readmitMs: ms.default(2_000),
    /** Further behind than this, it is not read even in `useReplica`. */
    unusableMs: ms.default(10_000),
  })
  .refine(({ readmitMs, ejectMs, unusableMs }) => readmitMs <= ejectMs && ejectMs <= unusableMs, {
    error: 'readmitMs must not be over ejectMs, nor ejectMs over unusableMs',
  });

/** Of one cluster: a primary and its replicas. */
const optionsSchema = z
  .strictObject({
    /** `mysql://user:password@host:port/database` of the node that takes writes. */
    primaryUrl: mysqlUrl,
    replicas: z.array(replica).readonly(),
    engine,
    /** Connections to the primary. */
    primaryConnections: count.default(32),
    /** Connections to each replica. */
    replicaConnections: count.max(128).default(64),
    /** How many reads the primary answers at once in place of replicas. */
    fallbackReads: count.default(8),
    /**
     * For a process that never writes. Its sessions on the primary refuse writes, it reads the heartbeat that others write,
     * gives up connections to the primary that are idle for 5 s, and is ready without the primary.
     */
    readOnly: z.boolean().default(false),
    /** Callers who wait for a connection of one node, beside those for whom one is being made. Default: twice its connections. */
    mostWaiting: count.optional(),
    /** For TCP, handshake and session setup together. */
    connectTimeoutMs: ms.default(1_000),
    /** For a connection to the primary, or for a read that ends there: queueing, connecting and checking. */
    primaryDeadlineMs: ms.default(2_000),
    /** For a connection to a replica, all attempts together. */
    replicaDeadlineMs: ms.default(1_000),
    /**
     * The server ends a statement that runs longer, and its connection is as good as before. One that has no answer a second
     * later loses its connection. Not one that changes the schema, nor a stream while rows come. Raised for some
     * statements by `withQueryTimeout`.
     */
    queryTimeoutMs: ms.default(15_000),
    /**
     * A connection whose holder has sent nothing, and taken no row of a stream, for so long is closed, which ends its
     * transaction. By default a server gives up a reader that takes no rows after as long (`net_write_timeout`).
     */
    idleLeaseMs: ms.default(60_000),
    /** A connection that was idle for longer is pinged before it is used. */
    idleCheckMs: z
      .custom<number>((value) => typeof value === 'number' && value >= 0, 'must be milliseconds')
      .default(15_000),
    /** A connection that is older, up to a fifth more or less, is replaced: its address may lead elsewhere by now (DNS, a balancer). */
    maxLifetimeMs: ms.default(300_000),
    /**
     * An account on the replicas that may see the state of replication (MariaDB: REPLICA MONITOR; MySQL: REPLICATION
     * CLIENT). Without it a replica that has stopped is found when its lag shows it.
     */
    monitor: z.strictObject({ user: z.string().min(1), password: z.string() }).optional(),
    health: health.prefault({}),
    lag: lag.prefault({}),
    consistency: consistency.prefault({}),
  })
  .superRefine(({ primaryUrl, replicas }, context) => {
    const roles = new Map<string, string>([[addressOf(primaryUrl), 'the primary']]);
    replicas.forEach(({ url }, index) => {
      const address = addressOf(url);
      const other = roles.get(address);
      const message = `${address} is ${other} already: each node may be named once`;
      if (other !== undefined) context.addIssue({ code: 'custom', path: ['replicas', index], message });
      roles.set(address, `replica-${index + 1}`);
    });
  });

export type HealthOptions = z.output<typeof health>;
export const HEALTH_DEFAULTS: HealthOptions = health.parse({});

export type LagOptions = z.output<typeof lag>;
export const LAG_DEFAULTS: LagOptions = lag.parse({});

export type DbRoutingOptions = z.input<typeof optionsSchema>;
export type ConsistencyOptions = z.input<typeof consistency>;

/** The options with every default in its place. */
export type CompleteOptions = z.output<typeof optionsSchema>;

/** @throws ConfigurationError that names everything that is wrong, and no password */
export function completeOptions(options: DbRoutingOptions, of = 'DbRoutingModule'): CompleteOptions {
  return parseOptions(of, optionsSchema, options, Object.keys(noExtras));
}

type MysqlDataSourceOptions = Extract<DataSourceOptions, { type: 'mysql' | 'mariadb' }>;

/** What would go around the routing, or is the routing's own to say. */
type OursToSay =
  | 'type'
  | 'driver'
  | 'replication'
  | 'entities'
  // Where the nodes are, and how they are reached.
  | 'url'
  | 'host'
  | 'port'
  | 'username'
  | 'password'
  | 'database'
  | 'socketPath'
  | 'poolSize'
  | 'connectTimeout'
  | 'acquireTimeout'
  | 'enableQueryTimeout'
  | 'extra'
  // How values come back: ids are 64-bit, sessions are in UTC.
  | 'supportBigNumbers'
  | 'bigNumberStrings'
  | 'timezone'
  // A second statement in one text would not be looked at.
  | 'multipleStatements'
  | 'flags'
  // The schema is made by migrations.
  | 'synchronize'
  | 'dropSchema';

/** Beside the options, also of `forRootAsync`: TypeORM wants them when the module is put together. */
export interface DbRoutingExtras {
  /** TypeORM entity classes of the cluster. */
  entities: readonly ((new (...args: never[]) => object) | string | EntitySchema)[];
  /** Also those of every `TypeOrmModule.forFeature`, as in `@nestjs/typeorm`. Default false. */
  autoLoadEntities?: boolean | undefined;
  /**
   * Of a cluster beside the application's default one, as `@nestjs/typeorm` names a DataSource: `@InjectDataSource(name)`,
   * `@InjectRepository(Entity, name)`.
   */
  name?: string | undefined;
  /**
   * Any other option of TypeORM's: `namingStrategy`, `subscribers`, `logging`, `logger`, `maxQueryExecutionTime`, `ssl`,
   * `charset` (default `utf8mb4_bin`), `isolationLevel`, `entityPrefix` and so on. What is left out of the type can't be
   * set, in JavaScript neither: type, driver and nodes, pool and deadlines, big numbers and time zone, `synchronize`.
   */
  typeOrm?: Partial<Omit<MysqlDataSourceOptions, OursToSay>> | undefined;
}

export const extraSchemas = {
  entities: z
    .custom<readonly unknown[]>((value) => Array.isArray(value), 'must be an array of entity classes')
    .optional(),
  autoLoadEntities: z.boolean().optional(),
  name: z.string().optional(),
  typeOrm: z.record(z.string(), z.unknown()).optional(),
};
const noExtras: DbRoutingExtras = { entities: [], autoLoadEntities: false, typeOrm: {}, name: '' };

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, ASYNC_OPTIONS_TYPE, OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<DbRoutingOptions>()
    .setClassMethodName('forRoot')
    .setExtras<DbRoutingExtras>(noExtras, (definition) => ({
      ...definition,
      global: true,
    }))
    .build();

/** `host:port` of a node, without its account. */
export function addressOf(url: string): string {
  const { host, port } = parseNodeUrl(url);
  return `${host.includes(':') ? `[${host}]` : host.toLowerCase()}:${port}`;
}
