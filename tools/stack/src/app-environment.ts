import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { addedShards } from './added-shard.names.js';
import { mainDatabase, shardDatabase as ownShardDatabase, userOf } from './database-accounts.js';
import { consistencyTokenSecret, linkSecret, loadSecrets, type AccountName } from './secrets.js';
import { stateLayout, type StackOptions } from './stack-options.js';
import { host, type AppName } from './topology-node.js';
import type { PortName } from './topology-ports.js';
import { traceUrl } from './trace.server.js';

export interface DatabaseChoice {
  /** Default `fourfold`, on the primary and its replicas. */
  readonly database?: string;
  /** Default `fourfold_shard`, on every shard. */
  readonly shardDatabase?: string;
}

export interface AppChoice extends DatabaseChoice {
  readonly app: AppName;
  /** Keeps two platforms on the same Redis servers apart; default `fourfold`. */
  readonly prefix?: string;
}

const replicas = ['replica-1', 'replica-2'] as const;
const shards = ['shard-0', 'shard-1', 'shard-2', 'shard-3'] as const;

/** What `order-api` or `worker` needs to run against this topology. Makes the passwords if there are none yet. */
export function appEnvironment(options: StackOptions, choice: AppChoice): Record<string, string> {
  const { ports } = options;
  const prefix = choice.prefix ?? 'fourfold';
  const database = choice.database ?? mainDatabase;
  const secrets = loadSecrets(stateLayout(options).secrets);
  const admission = process.env['ADMISSION_TARGET_MS'];
  return {
    HOST: host,
    ...(choice.app === 'order-api'
      ? {
          PORT: String(ports.api),
          CONSISTENCY_TOKEN_SECRETS: consistencyTokenSecret(secrets),
          ...(admission !== undefined && { ADMISSION_TARGET_MS: admission }),
        }
      : {}),
    MANAGEMENT_PORT: String(ports[choice.app === 'order-api' ? 'api-management' : 'worker-management']),
    DB_ENGINE: options.engine,
    DB_PRIMARY_URL: databaseUrl(options, 'primary', 'app', database),
    DB_REPLICA_URLS: replicas.map((name) => databaseUrl(options, name, 'read', database)).join(','),
    DB_MONITOR_ACCOUNT: `${userOf('monitor')}:${secrets.monitor}`,
    SHARD_URLS: shardUrls(options, 'app', choice.shardDatabase),
    SHARD_SECRETS_DIR: stateLayout(options).shardSecrets,
    CACHE_REDIS_URL: `redis://${host}:${ports['redis-cache']}`,
    QUEUE_REDIS_URL: `redis://${host}:${ports['redis-queue']}`,
    CACHE_PREFIX: prefix,
    // Braces make it one hash slot, which is what Bull needs on a Redis Cluster.
    QUEUE_PREFIX: `{${prefix}}`,
    SMTP_URL: `smtp://${host}:${ports.smtp}`,
    MAIL_FROM: 'Fourfold <orders@fourfold.test>',
    MAIL_CATCHER_URL: `http://${host}:${ports.mail}`,
    AUTH_JWKS_FILE: join(stateLayout(options).jwt, 'jwks.json'),
    AUTH_ISSUER: 'fourfold-dev',
    AUTH_AUDIENCE: 'fourfold',
    STORAGE_URL: pathToFileURL(join(stateLayout(options).objects, prefix)).href,
    STORAGE_LINK_URL: `http://${host}:${ports.api}/v1/files`,
    STORAGE_LINK_SECRETS: linkSecret(secrets),
    LOG_LEVEL: 'info',
    ...(choice.app === 'worker'
      ? {
          WAREHOUSE_DIR: join(stateLayout(options).warehouse, prefix),
          EMAIL_LINK_URL: `http://${host}:${ports.api}/confirm-email`,
        }
      : {}),
    ...(options.traces && { OTEL_EXPORTER_OTLP_ENDPOINT: traceUrl(ports) }),
  };
}

/** The same databases, and those of added shards, for the account that may change schemas; replicas follow by themselves. */
export function migrationEnvironment(
  options: StackOptions,
  choice: DatabaseChoice = {},
): Record<string, string> {
  return {
    DB_PRIMARY_URL: databaseUrl(options, 'primary', 'migrate', choice.database ?? mainDatabase),
    SHARD_URLS: shardUrls(options, 'migrate', choice.shardDatabase, addedShards(options)),
  };
}

/** How an account reaches one server; `database` may be left out. */
export function databaseUrl(
  options: StackOptions,
  node: PortName,
  account: AccountName,
  database = '',
): string {
  const password = loadSecrets(stateLayout(options).secrets)[account];
  return `mysql://${userOf(account)}:${password}@${host}:${options.ports[node]}/${database}`;
}

function shardUrls(
  options: StackOptions,
  account: AccountName,
  database = ownShardDatabase,
  added: readonly PortName[] = [],
): string {
  const names: readonly PortName[] = [...shards, ...added];
  return names.map((name) => `${name}=${databaseUrl(options, name, account, database)}`).join(',');
}
