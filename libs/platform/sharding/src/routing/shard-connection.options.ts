import type { EntitySchema } from 'typeorm';

/** How each shard is connected; the same for all. */
export interface ShardConnectionOptions {
  /** TypeORM entities of the sharded tables. */
  entities: readonly ((new (...args: never[]) => object) | string | EntitySchema)[];
  /** Connections to one shard from one process. */
  poolSize: number;
  /** From the first packet to the end of the handshake. */
  connectTimeoutMs: number;
  /** Waiting for a pooled connection, a new one's handshake included. */
  acquireTimeoutMs: number;
  /** One read or write with all its statements and retries; the connection is cut when it is over. */
  operationTimeoutMs: number;
}

export const defaultShardConnectionOptions: ShardConnectionOptions = {
  entities: [],
  poolSize: 16,
  connectTimeoutMs: 1_000,
  acquireTimeoutMs: 1_000,
  operationTimeoutMs: 10_000,
};
