import { queueMigrations } from '../index.js';
import { outboxMigrations } from '@fourfold/outbox';
import { type MigratedDatabase, migratedDatabase } from '@fourfold-tools/testing';
import type { DataSource } from 'typeorm';
import type { RelayedMessage } from '@fourfold/outbox';

const migrations = [...outboxMigrations, ...queueMigrations];

/** One row an effect, and no key: what happens twice is seen. */
const EFFECTS = 'CREATE TABLE effects (msg_id VARCHAR(100) NOT NULL, pid INT NOT NULL)';

export const RECORD_EFFECT = 'INSERT INTO effects (msg_id, pid) VALUES (?, ?)';

/** The database of jobs under test: an outbox, an inbox and the effects of handlers. */
export class WorkerDatabase {
  private constructor(private readonly migrated: MigratedDatabase) {}

  static async create(): Promise<WorkerDatabase> {
    return new WorkerDatabase(await migratedDatabase({ migrations, alsoRun: [EFFECTS] }));
  }

  get dataSource(): DataSource {
    return this.migrated.dataSource;
  }

  get url(): string {
    return this.migrated.database.appUrl;
  }

  /** As if the relay had published them. */
  async published(...messages: readonly RelayedMessage[]): Promise<void> {
    for (const { outboxId, messageId, queue, payload } of messages)
      await this.dataSource.query(
        `INSERT INTO outbox (id, msg_id, queue, payload, state, run_at, available_at)
         VALUES (?, ?, ?, ?, 'published', NOW(3), NOW(3) + INTERVAL 90 SECOND)`,
        [outboxId, messageId, queue, JSON.stringify(payload)],
      );
  }

  /** Process ids, one for each time that the message had its effect. */
  async effectsOf(messageId: string): Promise<number[]> {
    const rows = await this.dataSource.query<{ pid: number }[]>('SELECT pid FROM effects WHERE msg_id = ?', [
      messageId,
    ]);
    return rows.map(({ pid }) => pid);
  }

  async stateOf(messageId: string): Promise<string | undefined> {
    const [row] = await this.dataSource.query<{ state: string }[]>(
      'SELECT state FROM outbox WHERE msg_id = ?',
      [messageId],
    );
    return row?.state;
  }

  async empty(): Promise<void> {
    for (const table of ['outbox', 'processed_messages', 'effects'])
      await this.dataSource.query(`DELETE FROM ${table}`);
  }

  close(): Promise<void> {
    return this.migrated.close();
  }
}
