import { createDatabase, type MigratedDatabase, migratedDatabase, topology } from '@fourfold-tools/testing';
import { Logger } from '@nestjs/common';
import { createConnection } from 'mysql2/promise';
import type { DataSource } from 'typeorm';
import { outboxMigrations } from '../index.js';
import { Outbox } from '../outbox.js';
import type { KnownQueue, OutboxMessage } from '../outbox.message.js';

export interface OutboxRow {
  msg_id: string;
  state: string;
  attempts: number;
  claim: string | null;
}

/** A database of one test file with the outbox in it, and what a test asks of it. */
export class OutboxDatabase {
  readonly outbox = new Outbox<KnownQueue>();

  private constructor(
    readonly url: string,
    private readonly migrated: MigratedDatabase,
  ) {}

  get dataSource(): DataSource {
    return this.migrated.dataSource;
  }

  /** As another team may have it: with a collation that ignores case. `stock` is what effects change. */
  static async create(): Promise<OutboxDatabase> {
    Logger.overrideLogger(false);
    const database = await createDatabase(topology(), { node: 'primary' });
    const root = await createConnection({ uri: database.rootUrl });
    await root.query(`ALTER DATABASE ${database.name} CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci`);
    await root.end();
    const migrated = await migratedDatabase(
      { migrations: outboxMigrations, alsoRun: ['CREATE TABLE stock (units INT NOT NULL)'] },
      database,
    );
    return new OutboxDatabase(database.appUrl, migrated);
  }

  async empty(): Promise<void> {
    for (const table of ['outbox', 'processed_messages', 'stock'])
      await this.dataSource.query(`DELETE FROM ${table}`);
    await this.dataSource.query('INSERT INTO stock VALUES (100)');
  }

  /** Commits messages named `messageIds` to the queue `letters`. */
  add(messageIds: readonly string[], message: Partial<OutboxMessage> = {}): Promise<void> {
    return this.dataSource.transaction((manager) =>
      this.outbox.add(
        manager,
        ...messageIds.map((messageId) => ({
          queue: 'letters',
          payload: { about: messageId },
          ...message,
          messageId,
        })),
      ),
    );
  }

  rows(): Promise<OutboxRow[]> {
    return this.dataSource.query('SELECT msg_id, state, attempts, claim FROM outbox ORDER BY id');
  }

  /** Message id → state. */
  async states(): Promise<Record<string, string>> {
    return Object.fromEntries((await this.rows()).map(({ msg_id, state }) => [msg_id, state]));
  }

  async units(): Promise<number> {
    const [row] = await this.dataSource.query<{ units: number }[]>('SELECT units FROM stock');
    return row?.units ?? Number.NaN;
  }

  /** Time passes for these rows alone: leases end, due times come, horizons pass. */
  async pass(seconds: number, condition = 'TRUE'): Promise<void> {
    await this.dataSource.query(
      `UPDATE outbox SET available_at = available_at - INTERVAL ? SECOND WHERE ${condition}`,
      [seconds],
    );
  }

  close(): Promise<void> {
    return this.migrated.close();
  }
}
