import { migrateAll } from '@fourfold-tools/migrate';
import { seedData } from '@fourfold-tools/seed-data';
import { databaseUrl, type StackOptions } from '@fourfold-tools/stack';
import { createConnection } from 'mysql2/promise';
import { type OwnServers, startOwn } from '../bench-servers.js';

const SHARD = 'shard-0';
const MIB = 1_024 * 1_024;

/** One platform's databases, all on one server. */
export interface GrownShop {
  orders: number;
  mainUrl: string;
  shardUrl: string;
}

/** A primary that holds the databases of several platforms. */
export class GrowthServer implements OwnServers {
  /** All databases fit into it, so that what is compared is not how much of them the disk has to give. */
  readonly bufferPoolMib = 4_096;

  private constructor(
    private readonly options: StackOptions,
    readonly stop: () => Promise<void>,
  ) {}

  static async start(repoRoot: string): Promise<GrowthServer> {
    const { options, stop } = await startOwn(repoRoot, ['primary'], async (options) => ({ options }));
    const server = new GrowthServer(options, stop);
    await server.asRoot(
      'SET GLOBAL local_infile = 1',
      `SET GLOBAL innodb_buffer_pool_size = ${server.bufferPoolMib * MIB}`,
    );
    return server;
  }

  /** A platform that has so many orders of 90 days. */
  async grow(name: string, orders: number): Promise<GrownShop> {
    const [main, shard] = [`fourfold_${name}`, `fourfold_${name}_shard`];
    await this.asRoot(`CREATE DATABASE ${main}`, `CREATE DATABASE ${shard}`);
    const urlOf = (account: 'app' | 'migrate', database: string) =>
      databaseUrl(this.options, 'primary', account, database);
    const shards = `${SHARD}=${urlOf('migrate', shard)}`;
    await migrateAll({ DB_PRIMARY_URL: urlOf('migrate', main), SHARD_URLS: shards }, () => undefined);
    const grown = { orders, mainUrl: urlOf('app', main), shardUrl: urlOf('app', shard) };
    await seedData({
      primaryUrl: grown.mainUrl,
      shardUrls: { [SHARD]: grown.shardUrl },
      orders,
      users: Math.ceil(orders / 25),
      products: 10_000,
      days: 90,
      seed: 1,
      untilMs: Date.now(),
      besideOthers: false,
      output: process.stderr,
    });
    return grown;
  }

  private async asRoot(...statements: string[]): Promise<void> {
    const root = await createConnection({ uri: databaseUrl(this.options, 'primary', 'root') });
    for (const statement of statements) await root.query(statement);
    await root.end();
  }
}
