import type { DbRoutingOptions, Engine } from '@fourfold/db-routing';
import type { EntitySchema } from 'typeorm';

/**
 * A shard's URL, or the options of db-routing for a primary with replicas. What it does not say is as for every shard:
 * `poolSize` is `primaryConnections`, `acquireTimeoutMs` both deadlines for a connection.
 */
export type ShardEntry =
  string | (Omit<DbRoutingOptions, 'replicas'> & Partial<Pick<DbRoutingOptions, 'replicas'>>);

/** How each shard is connected; the same for all, but for `poolSizes`. */
export interface ShardConnectionOptions {
  /** What the servers are. */
  engine: Engine;
  /** TypeORM entities of the sharded tables. */
  entities: readonly ((new (...args: never[]) => object) | string | EntitySchema)[];
  /**
   * Sign the cursors of pages, the same in every process, at least 32 characters each. The first signs, all verify.
   * None: a cursor of another query is refused, but one of this query could be made.
   */
  cursorSecrets: readonly string[];
  /** Connections to the primary of one shard from one process. */
  poolSize: number;
  /** By shard name: those that differ from `poolSize`. */
  poolSizes: Readonly<Record<string, number>>;
  /** From the first packet to the end of the handshake; also how long a probe may take. */
  connectTimeoutMs: number;
  /** Waiting for a pooled connection, a new one's handshake included. */
  acquireTimeoutMs: number;
  /** A connection that no caller has used for so long is pinged before it is used again. */
  idleCheckMs: number;
  /** A connection that is older is replaced, up to a fifth sooner or later: its address may lead elsewhere by now. */
  maxLifetimeMs: number;
  /** One read or write with all its statements and retries; when it is over the connection is cut. No statement may take longer. */
  operationTimeoutMs: number;
  /** After so long a read or write is reason enough to probe the shard; it goes on all the same. */
  suspectAfterMs: number;
  /** How often a shard that is down is tried again. */
  retryAfterMs: number;
}

export const defaultShardConnectionOptions: ShardConnectionOptions = {
  engine: 'mariadb',
  entities: [],
  cursorSecrets: [],
  poolSize: 16,
  poolSizes: {},
  connectTimeoutMs: 1_000,
  acquireTimeoutMs: 1_000,
  idleCheckMs: 15_000,
  maxLifetimeMs: 300_000,
  operationTimeoutMs: 10_000,
  suspectAfterMs: 500,
  retryAfterMs: 1_000,
};
