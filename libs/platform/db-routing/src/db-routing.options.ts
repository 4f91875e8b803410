import { ConfigurableModuleBuilder, type ExecutionContext } from '@nestjs/common';
import { ConfigurationError } from '@fourfold/kernel';
import type { DataSourceOptions } from 'typeorm';
import { z } from 'zod';
import type { Engine } from './engine/replication.dialect.js';

export interface ReplicaOptions {
  /** `mysql://user:password@host:port/database`; its account should have SELECT only. */
  url: string;
  /** Its share of the reads beside the other replicas'. Default 1. */
  weight?: number | undefined;
}

export interface ConsistencyOptions {
  /**
   * Sign the tokens, the same in every process, at least 32 characters each. The first signs, all verify. None: tokens
   * are neither given nor read.
   */
  tokenSecrets?: readonly string[] | undefined;
  /** Longer than any replica in rotation may lag. Default 60,000. */
  tokenTtlMs?: number | undefined;
  /** How long this process remembers a caller's write for reads without a token; 0 turns it off. Default 2,000. */
  windowMs?: number | undefined;
  /** How long a read waits for a replica to catch up before it goes to the primary. Default 150. */
  waitMs?: number | undefined;
  /** Who is asking, once the guards have run; without it there is no sticky window from one request to the next. */
  callerOf?: ((context: ExecutionContext) => string | undefined) | undefined;
}

export interface DbRoutingOptions {
  /** `mysql://user:password@host:port/database` of the node that takes writes. */
  primaryUrl: string;
  /** The same for each replica, or with a weight. */
  replicas: readonly (string | ReplicaOptions)[];
  /** Default `mariadb`. */
  engine?: Engine | undefined;
  /** Connections to the primary. Default 32. */
  primaryConnections?: number | undefined;
  /** Connections to each replica, up to 128. Default 64. */
  replicaConnections?: number | undefined;
  /** Reads on the primary at once that are there for want of a replica. Default 8. */
  fallbackReads?: number | undefined;
  /**
   * For a process that never writes. Its sessions on the primary refuse writes, it reads the heartbeat that others write,
   * gives up connections to the primary that are idle for 5 s, and is ready without the primary. Default false.
   */
  readOnly?: boolean | undefined;
  /**
   * The server ends a statement that runs longer. Not one that changes the schema, nor a stream while rows come. Raised for
   * some statements by `withQueryTimeout`. Default 15,000.
   */
  queryTimeoutMs?: number | undefined;
  /**
   * An account on the replicas that may see the state of replication (MariaDB: REPLICA MONITOR; MySQL: REPLICATION
   * CLIENT). Without it a replica that has stopped is found when its lag shows it.
   */
  monitor?: { user: string; password: string } | undefined;
  consistency?: ConsistencyOptions | undefined;
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
  /** TypeORM entity classes of the main cluster. */
  entities: readonly (new (...args: never[]) => object)[];
  /** Also those of every `TypeOrmModule.forFeature`, as in `@nestjs/typeorm`. Default false. */
  autoLoadEntities?: boolean | undefined;
  /**
   * Any other option of TypeORM's: `namingStrategy`, `subscribers`, `logging`, `logger`, `maxQueryExecutionTime`, `ssl`,
   * `charset` (default `utf8mb4_bin`), `isolationLevel`, `entityPrefix` and so on. What is left out of the type can't be
   * set, in JavaScript neither: type, driver and nodes, pool and deadlines, big numbers and time zone, `synchronize`.
   */
  typeOrm?: Partial<Omit<MysqlDataSourceOptions, OursToSay>> | undefined;
}

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, ASYNC_OPTIONS_TYPE, OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<DbRoutingOptions>()
    .setClassMethodName('forRoot')
    .setExtras<DbRoutingExtras>({ entities: [], autoLoadEntities: false, typeOrm: {} }, (definition) => ({
      ...definition,
      global: true,
    }))
    .build();

/** The options with every default in its place: a {@link CompleteOptions}. */
export const COMPLETE_OPTIONS = Symbol('db-routing: complete options');

const mysqlUrl = z.url({
  protocol: /^mysql$/,
  error: 'must be a URL like mysql://user:password@host:3306/database',
});

const positive = z.number().positive();
const count = z.int().positive();

const optionsSchema = z
  .object({
    primaryUrl: mysqlUrl,
    replicas: z.array(
      z.preprocess(
        (replica) => (typeof replica === 'string' ? { url: replica } : replica),
        z.object({ url: mysqlUrl, weight: positive.default(1) }),
      ),
    ),
    engine: z.enum(['mariadb', 'mysql']).default('mariadb'),
    primaryConnections: count.default(32),
    replicaConnections: count.max(128).default(64),
    fallbackReads: count.default(8),
    readOnly: z.boolean().default(false),
    queryTimeoutMs: positive.default(15_000),
    monitor: z.object({ user: z.string().min(1), password: z.string() }).optional(),
    consistency: z
      .object({
        tokenSecrets: z.array(z.string().min(32, 'must have at least 32 characters')).default([]),
        tokenTtlMs: positive.default(60_000),
        windowMs: z.number().nonnegative().default(2_000),
        waitMs: z.number().nonnegative().default(150),
      })
      .prefault({}),
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

export type CompleteOptions = z.output<typeof optionsSchema>;

/** @throws ConfigurationError that names everything that is wrong, and no password */
export function completeOptions(options: DbRoutingOptions): CompleteOptions {
  const result = optionsSchema.safeParse(options);
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'options'}: ${message}`,
  );
  throw new ConfigurationError('DbRoutingModule', problems, 'options');
}

/** `host:port` of a node, without its account. */
export function addressOf(url: string): string {
  const { hostname, port } = new URL(url);
  return `${hostname.toLowerCase()}:${port || '3306'}`;
}

/** The environment variables of the main cluster, to be spread into an app's own schema. */
export const databaseEnv = {
  DB_PRIMARY_URL: mysqlUrl,
  DB_REPLICA_URLS: z
    .string()
    .default('')
    .transform((list) => list.split(',').filter((url) => url !== ''))
    .pipe(z.array(mysqlUrl)),
  /** `user:password`. */
  DB_MONITOR_ACCOUNT: z
    .string()
    .regex(/^[^:]+:.*$/, 'must be user:password')
    .transform((account) => {
      const colon = account.indexOf(':');
      return { user: account.slice(0, colon), password: account.slice(colon + 1) };
    })
    .optional(),
};

/** The environment variables of read-your-writes, to be spread into an app's own schema. */
export const consistencyEnv = {
  /** Comma list: the first one signs, all of them verify. */
  CONSISTENCY_TOKEN_SECRETS: z
    .string()
    .transform((list) => list.split(',').map((secret) => secret.trim()))
    .pipe(z.array(z.string().min(32, 'must have at least 32 characters'))),
  /** 0 turns it off. */
  STICKY_WINDOW_MS: z.coerce.number().int().nonnegative().default(2_000),
};
