import type { MultiLevelCache } from '@fourfold/cache';
import {
  CurrentTopology,
  evenTopology,
  ShardRouter,
  SnowflakeIds,
  InMemoryWorkerIdLease,
  type SqlExecutor,
  TopologyStore,
} from '@fourfold/sharding';
import { ShardRegistry } from '@fourfold/sharding/operating';
import { createDatabase, type TestDatabase, topology } from '@fourfold-tools/testing';
import { DataSource } from 'typeorm';
import { ChangeUser } from '../change-user.command.js';
import { EmailReservations } from '../email.reservations.js';
import { CreateUsers1764000000500 } from '../migrations/create-users.migration.js';
import { RecentUsersWarmup } from '../recent-users.warmup.js';
import { RegisterUser } from '../register-user.command.js';
import { UserEmailEntity } from '../user-email.entity.js';
import { UserEntity } from '../user.entity.js';
import { UserReader } from '../user.reader.js';

const SHARDS = ['shard-0', 'shard-1', 'shard-2', 'shard-3'] as const;

/** Always asks the database: what is tested here is what is written there. */
const noCache = {
  getOrLoad: (_namespace: string, _id: string, load: () => Promise<unknown>) => load(),
  invalidate: () => Promise.resolve({ deferred: false }),
} as unknown as MultiLevelCache;

/** The library on four real shards, with an optional hand in what it is made of. */
export class UsersShards {
  private constructor(
    private readonly databases: TestDatabase[],
    private readonly registry: ShardRegistry,
    readonly router: ShardRouter,
    private readonly ids: SnowflakeIds,
  ) {}

  static async start(): Promise<UsersShards> {
    const databases = await Promise.all(SHARDS.map((node) => createDatabase(topology(), { node })));
    await Promise.all(databases.map(migrate));
    const urls = Object.fromEntries(databases.map(({ appUrl }, index) => [SHARDS[index], appUrl]));
    const registry = new ShardRegistry(urls, { entities: [UserEntity, UserEmailEntity] });
    const rows = [{ epoch: 1, document: evenTopology(SHARDS) }];
    const main = { query: async () => rows } as SqlExecutor;
    const router = new ShardRouter(await CurrentTopology.load(new TopologyStore(main)), registry);
    const ids = await SnowflakeIds.start(new InMemoryWorkerIdLease());
    return new UsersShards(databases, registry, router, ids);
  }

  library({ router = this.router, emails = new EmailReservations(router), cache = noCache } = {}) {
    const reader = new UserReader(router, emails, cache);
    return {
      emails,
      reader,
      warmup: new RecentUsersWarmup(router, reader),
      register: new RegisterUser(router, this.ids, emails, cache),
      change: new ChangeUser(router, emails, reader, cache),
    };
  }

  /** The shards with another way of doing one thing. */
  routerWith(change: Partial<Pick<ShardRouter, 'read' | 'write' | 'scatter'>>): ShardRouter {
    return Object.assign(Object.create(this.router) as ShardRouter, change);
  }

  /** Who holds an address, and how, on whatever shard. */
  async holder(email: string): Promise<{ userId: string; state: string } | null> {
    const row = await this.router.read(email, (manager) => manager.findOneBy(UserEmailEntity, { email }));
    return row && { userId: row.userId, state: row.state };
  }

  async stop(): Promise<void> {
    await this.ids.onApplicationShutdown();
    await this.registry.onApplicationShutdown();
    await Promise.all(this.databases.map((database) => database.drop()));
  }
}

async function migrate({ migrateUrl }: TestDatabase): Promise<void> {
  const dataSource = new DataSource({
    type: 'mysql',
    url: migrateUrl,
    migrations: [CreateUsers1764000000500],
  });
  await dataSource.initialize();
  await dataSource.runMigrations({ transaction: 'none' });
  await dataSource.destroy();
}
