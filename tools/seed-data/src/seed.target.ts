import { HashRing, TopologyStore } from '@fourfold/sharding';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';

/** Addresses of an account that may write. */
export interface TargetUrls {
  primaryUrl: string;
  /** By the shards' names. */
  shardUrls: Readonly<Record<string, string>>;
}

/** Where the data can't go; the message says what to do. */
export class SeedTargetError extends Error {
  override readonly name = 'SeedTargetError';
}

const MAIN_TABLES = ['products', 'orders'];

/** Connections to the databases of a platform, for loading. */
export class SeedTarget {
  private constructor(
    readonly primary: readonly [Connection, Connection, Connection],
    readonly shards: Readonly<Record<string, Connection>>,
    readonly ring: HashRing,
  ) {}

  /**
   * @param besideOthers whether the platform may hold other data
   * @throws SeedTargetError where the databases are not ready, or hold data
   */
  static async open({ primaryUrl, shardUrls }: TargetUrls, besideOthers: boolean): Promise<SeedTarget> {
    const opened: Connection[] = [];
    const open = async (uri: string) => {
      const connection = await createConnection({ uri, supportBigNumbers: true, bigNumberStrings: true });
      opened.push(connection);
      return connection;
    };
    try {
      const first = await open(primaryUrl);
      const topology = await new TopologyStore({
        query: async <T>(sql: string): Promise<T> => (await first.query(sql))[0] as T,
      }).current();
      const ring = new HashRing(topology);
      const shards: Record<string, Connection> = {};
      for (const name of ring.shards) {
        const url = shardUrls[name];
        if (url === undefined) throw new SeedTargetError(`The platform has a shard ${name}: say where it is`);
        shards[name] = await open(url);
      }
      const primary = [first, await open(primaryUrl), await open(primaryUrl)] as const;
      const target = new SeedTarget(primary, shards, ring);
      await target.prepare();
      if (!besideOthers) await target.expectEmpty();
      return target;
    } catch (error) {
      for (const connection of opened) connection.destroy();
      throw error;
    }
  }

  private get all(): Connection[] {
    return [...this.primary, ...Object.values(this.shards)];
  }

  /** Each table's figures, by which the server chooses its indexes, are those of an empty one until they are counted. */
  async count(): Promise<void> {
    await this.primary[0].query(
      `ANALYZE TABLE products, stock, orders, order_items, emails, processed_messages, outbox, idempotency_keys`,
    );
    for (const shard of Object.values(this.shards))
      await shard.query('ANALYZE TABLE users, user_emails, user_orders');
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((connection) => connection.end()));
  }

  /** Rows come in an order in which no check can fail, and are as many as are counted. */
  private async prepare(): Promise<void> {
    for (const connection of this.all) {
      const [[row]] = await connection.query<RowDataPacket[]>('SELECT @@local_infile AS allowed');
      if (Number(row?.['allowed']) !== 1)
        throw new SeedTargetError('A server takes no LOAD DATA LOCAL: SET GLOBAL local_infile = 1 on each');
      await connection.query(
        "SET SESSION unique_checks = 0, foreign_key_checks = 0, time_zone = '+00:00', sql_mode = 'STRICT_TRANS_TABLES'",
      );
    }
  }

  private async expectEmpty(): Promise<void> {
    const tables = [
      ...MAIN_TABLES.map((table) => [this.primary[0], table] as const),
      ...Object.values(this.shards).map((shard) => [shard, 'users'] as const),
    ];
    for (const [connection, table] of tables) {
      const [rows] = await connection.query<RowDataPacket[]>(
        `SELECT EXISTS (SELECT 1 FROM ${table}) AS filled`,
      );
      if (rows[0]?.filled)
        throw new SeedTargetError(
          `The platform has ${table} already: npm run stack -- reset empties a local one; ` +
            '--beside-other-data adds to what is there',
        );
    }
  }
}
