import {
  databaseUrl,
  host,
  mainDatabase,
  shardDatabase,
  engineFrom,
  type EngineName,
  envOf,
  type StackOptions,
} from '@fourfold-tools/stack';

export interface ServerAddress {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/** URLs are `mysql://account:password@host:port/database`; the root one names no database. */
export interface WriterAddress extends ServerAddress {
  readonly appUrl: string;
  readonly migrateUrl: string;
  readonly rootUrl: string;
}

export interface PrimaryAddress extends WriterAddress {
  readonly readUrl: string;
  readonly monitorUrl: string;
}

export interface ReplicaAddress extends ServerAddress {
  readonly readUrl: string;
  readonly monitorUrl: string;
  readonly rootUrl: string;
}

export interface RedisAddress extends ServerAddress {
  readonly url: string;
}

/** The servers that one test run has for itself, as plain JSON: it crosses from the runner to its workers. */
export interface TestTopology {
  readonly repoRoot: string;
  readonly stateDir: string;
  /** What primary, replicas and shards are. */
  readonly engine: EngineName;
  /** For `stackOptionsFromEnv(topology.env, topology.repoRoot)`, or for a process that is to see these servers. */
  readonly env: Record<string, string>;
  readonly primary: PrimaryAddress;
  readonly replicas: ReplicaAddress[];
  readonly shards: WriterAddress[];
  readonly redisCache: RedisAddress;
  readonly redisQueue: RedisAddress;
  readonly mail: { host: string; smtpPort: number; webPort: number; smtpUrl: string; webUrl: string };
}

/** What primary, replicas and shards of this test run are, as `FOURFOLD_ENGINE` says. */
export const testEngine: EngineName = engineFrom(process.env);

export function describeTopology(options: StackOptions): TestTopology {
  const { ports } = options;
  const replica = (name: 'replica-1' | 'replica-2'): ReplicaAddress => ({
    name,
    host,
    port: ports[name],
    readUrl: databaseUrl(options, name, 'read', mainDatabase),
    monitorUrl: databaseUrl(options, name, 'monitor'),
    rootUrl: databaseUrl(options, name, 'root'),
  });
  const writer = (name: 'primary' | `shard-${0 | 1 | 2 | 3}`, database: string): WriterAddress => ({
    name,
    host,
    port: ports[name],
    appUrl: databaseUrl(options, name, 'app', database),
    migrateUrl: databaseUrl(options, name, 'migrate', database),
    rootUrl: databaseUrl(options, name, 'root'),
  });
  const redis = (name: 'redis-cache' | 'redis-queue'): RedisAddress => ({
    name,
    host,
    port: ports[name],
    url: `redis://${host}:${ports[name]}`,
  });
  return {
    repoRoot: options.repoRoot,
    stateDir: options.stateDir,
    engine: options.engine,
    env: envOf(options),
    primary: {
      ...writer('primary', mainDatabase),
      readUrl: databaseUrl(options, 'primary', 'read', mainDatabase),
      monitorUrl: databaseUrl(options, 'primary', 'monitor'),
    },
    replicas: [replica('replica-1'), replica('replica-2')],
    shards: ([0, 1, 2, 3] as const).map((index) => writer(`shard-${index}`, shardDatabase)),
    redisCache: redis('redis-cache'),
    redisQueue: redis('redis-queue'),
    mail: {
      host,
      smtpPort: ports.smtp,
      webPort: ports.mail,
      smtpUrl: `smtp://${host}:${ports.smtp}`,
      webUrl: `http://${host}:${ports.mail}`,
    },
  };
}
