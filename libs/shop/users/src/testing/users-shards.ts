import {
  evenTopology,
  InMemoryWorkerIdLease,
  shardingShardMigrations,
  type ShardRouter,
  SnowflakeIds,
} from '@fourfold/sharding';
import { fenceShards } from '@fourfold/sharding/operating';
import { createDatabase, type TestDatabase, topology } from '@fourfold-tools/testing';
import { Logger } from '@nestjs/common';
import { DataSource, type QueryRunner } from 'typeorm';
import { usersShardMigrations } from '../index.js';
import { UserEmailEntity } from '../user-email.entity.js';
import { connectShards, usersLibrary, type UsersLibraryParts, type UsersServers } from './users-library.js';

const SHARDS = ['shard-0', 'shard-1', 'shard-2', 'shard-3'] as const;

type Changes = Partial<Omit<UsersLibraryParts, 'registry'>>;

/** The library on four real shards, with an optional hand in what it is made of. Nothing is logged until they stop. */
export class UsersShards {
  private constructor(
    private readonly databases: TestDatabase[],
    private readonly servers: UsersServers,
    private readonly ids: SnowflakeIds,
  ) {}

  static async start(): Promise<UsersShards> {
    Logger.overrideLogger(false);
    const databases = await Promise.all(SHARDS.map((node) => createDatabase(topology(), { node })));
    await Promise.all(databases.map(migrate));
    await fenceShards(urlsOf(databases), evenTopology(SHARDS));
    const servers = await connectShards(urlsOf(databases));
    return new UsersShards(databases, servers, await SnowflakeIds.start(new InMemoryWorkerIdLease()));
  }

  get router(): ShardRouter {
    return this.servers.router;
  }

  get urls(): Record<string, string> {
    return urlsOf(this.databases);
  }

  library(changes: Changes = {}) {
    return usersLibrary({ ...this.servers, ids: this.ids, ...changes });
  }

  /** The shards with another way of doing one thing. */
  routerWith(change: Partial<Pick<ShardRouter, 'read' | 'write' | 'scatter'>>): ShardRouter {
    return Object.assign(Object.create(this.router) as ShardRouter, change);
  }

  /** An id that no user has had yet, of a user on `shard`. */
  userOn(shard: string): string {
    for (;;) {
      const id = this.ids.nextId();
      if (this.servers.topology.ring.locate(id).shard === shard) return id;
    }
  }

  /** What belongs to no key: rows that are where they should not be. */
  on<T>(shard: string, work: (runner: QueryRunner) => Promise<T>): Promise<T> {
    return this.servers.registry.run(shard, work);
  }

  /** Who holds an address, and how, on whatever shard. */
  async holder(email: string): Promise<{ userId: string; state: string } | null> {
    const row = await this.router.read(email, (manager) => manager.findOneBy(UserEmailEntity, { email }));
    return row && { userId: row.userId, state: row.state };
  }

  /** As if the deadline of what is under way about an address had passed. */
  async runOut(email: string): Promise<void> {
    const reservedUntil = new Date(Date.now() - 60_000);
    await this.router.write(email, (manager) =>
      manager.update(UserEmailEntity, { email }, { reservedUntil }),
    );
  }

  /** One statement on all shards, past the router; the rows of all when it is a query. */
  async everywhere<T>(sql: string, parameters: unknown[] = []): Promise<T[]> {
    const { registry } = this.servers;
    const parts = await Promise.all(
      SHARDS.map((shard) =>
        registry.run(shard, (runner) => runner.query(sql, parameters) as Promise<T | T[]>),
      ),
    );
    return parts.flat() as T[];
  }

  async stop(): Promise<void> {
    await this.ids.onApplicationShutdown();
    await this.servers.registry.onApplicationShutdown();
    await Promise.all(this.databases.map((database) => database.drop()));
    Logger.overrideLogger(['log', 'error', 'warn', 'debug', 'verbose', 'fatal']);
  }
}

function urlsOf(databases: readonly TestDatabase[]): Record<string, string> {
  return Object.fromEntries(databases.map(({ appUrl }, index) => [SHARDS[index], appUrl]));
}

async function migrate({ migrateUrl }: TestDatabase): Promise<void> {
  const migrations = [...shardingShardMigrations, ...usersShardMigrations];
  const dataSource = new DataSource({ type: 'mysql', url: migrateUrl, migrations });
  await dataSource.initialize();
  await dataSource.runMigrations({ transaction: 'none' });
  await dataSource.destroy();
}
